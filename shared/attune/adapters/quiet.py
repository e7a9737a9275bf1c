"""What a service said, without what it may have quoted: a failed validation echoes the row it failed on."""

from __future__ import annotations

import re

_LONGEST = 300
_REQUEST_LINE = re.compile(r"^[A-Z]+ https?://\S+: ")  # what the client puts before the service's own words
_QUOTED = re.compile(r'"([^"]*)("|$)')


def quiet(said: str) -> str:
    """The service's words up to the first brace, at most 300 characters, and none of several words in quotes."""
    words = _REQUEST_LINE.sub("", said).partition("{")[0]
    return _QUOTED.sub(lambda quoted: '"…"' if " " in quoted[1] else quoted[0], words)[:_LONGEST].strip()
