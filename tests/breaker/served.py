"""Serve a function whose clock goes wrong: python -m breaker.served SECONDS, then functions-framework's own options."""

from __future__ import annotations

import sys
from datetime import timedelta


def main() -> None:
    from functions_framework._cli import _cli  # noqa: PLC0415 - as its own command does, after the clock is set

    from attune import world  # noqa: PLC0415 - the staged package, which the working directory decides

    offset, right = timedelta(seconds=float(sys.argv.pop(1))), world.now
    world.now = lambda: right() + offset
    _cli()


if __name__ == "__main__":
    main()
