"""Finding a browser: what is on the PATH is taken, and where there is none one sentence says what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from attune_local.browser import MISSING, NAMES


def set_up(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attune_local.browser"]
    return subprocess.run(command, env=os.environ | {"PATH": str(path)}, capture_output=True, text=True, check=False)


def test_without_a_browser_or_a_way_to_install_one_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    done = set_up(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{MISSING}\n")


def test_a_browser_that_is_there_is_left_alone(tmp_path: Path) -> None:
    there = tmp_path / NAMES[1]
    there.touch(0o755)
    done = set_up(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
