"""Browser: find Chromium for the tests that look at pages, and install it where that is allowed.

python -m attune_local.browser    install it unless it is there; says what to do where it cannot
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium"  # Debian's
MISSING = f"No browser: install Debian's package {PACKAGE}, or have one of {', '.join(NAMES)} on the PATH."


class BrowserMissingError(RuntimeError):
    """There is no browser, and none could be installed."""


def found() -> str | None:
    """Where a browser is, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def installed() -> str:
    """Where a browser is; as root, and with apt-get, it is installed if it has to be.

    Raises:
        BrowserMissingError: there is none, with what to install.
    """
    if (path := found()) is None and os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        _install(apt)
        path = found()
    if path is None:
        raise BrowserMissingError(MISSING)
    return path


def _install(apt: str) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run([apt, "-qq", "update"], check=True, env=quiet)
        subprocess.run([apt, "-qq", "install", "-y", "--no-install-recommends", PACKAGE], check=True, env=quiet)
    except subprocess.CalledProcessError as error:
        raise BrowserMissingError(f"{MISSING} apt-get could not: it ended with {error.returncode}.") from error


def main() -> int:
    """Tests that need a browser are skipped without one, so that its absence is said and is no failure."""
    try:
        installed()
    except BrowserMissingError as error:
        print(error, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
