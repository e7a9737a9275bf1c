"""Become another program that dies with the process that started it (run by file name: it imports nothing of ours).

    python -I -S tether.py PARENT_PID PROGRAM ARGUMENT…

On Linux the kernel kills a process with PR_SET_PDEATHSIG when the thread that started it ends; the setting outlives an
exec. Elsewhere this only becomes the program, and the stack's own clean-up has to do.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("The process that started this one is gone.")
    os.execvp(program[0], program)  # noqa: S606 - the stack's own command, and no shell is wanted


if __name__ == "__main__":
    main()
