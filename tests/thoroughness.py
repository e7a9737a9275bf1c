"""How many examples a property is tried on: a few with every change, many in `make thorough`."""

import os


def tries(usual: int, thorough: int) -> int:
    """The one number, or the other under THOROUGH=1."""
    return thorough if os.environ.get("THOROUGH") else usual
