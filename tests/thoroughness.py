"""How many examples a property is tried on: a few with every change, many in `make thorough`."""

import os


def tries(usual: int, soak: int) -> int:
    """The one number, or the other under SOAK=1."""
    return soak if os.environ.get("SOAK") else usual
