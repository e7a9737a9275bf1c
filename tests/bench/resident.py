"""The most memory that this process has held, in KiB.

Linux's own mark (VmHWM), because `ru_maxrss` begins, in a process that was started, with what its parent held.
"""

from __future__ import annotations

import re
import resource
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_MARK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def most_held() -> int:
    """Since the process began, or since `forget_the_most`."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = _MARK.search(_STATUS.read_text())
    if found is None:
        raise OSError(f"{_STATUS} tells no VmHWM")
    return int(found.group(1))


def forget_the_most() -> bool:
    """Sets the mark back to what is held now; False where the system cannot."""
    try:
        _RESET.write_text("5")
    except OSError:
        return False
    return True
