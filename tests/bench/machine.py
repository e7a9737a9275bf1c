"""What it was measured on: without that a figure says little."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

_MODEL = "model name"
_GIB = 1 << 30


def described() -> str:
    """The processor, its cores, the memory, Python, the system, and attune's revision."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    hardware = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{hardware}; Python {platform.python_version()}; {platform.platform(terse=True)}; attune {_revision()}"


def _processor() -> str:
    """Its name where Linux tells it, else the architecture's."""
    cpuinfo = Path("/proc/cpuinfo")
    told = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in told if line.startswith(_MODEL)]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()


def _revision() -> str:
    """The commit, and whether the tree is just that."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],  # noqa: S607 - the one on the path
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "of no known revision"
