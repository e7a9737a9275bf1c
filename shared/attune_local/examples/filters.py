"""What a subscription may be limited to: Pub/Sub looks at a message's attributes, never into its data."""

from __future__ import annotations

import json

LONGEST_BYTES = 256  # Pub/Sub's limit; and once a subscription is made, its filter cannot be changed


def only(event_type: str = "", dataset: str = "") -> str:
    """A filter for one type of event, or for all whose type begins so (with a dot at the end), and for one dataset.

    only("dev.attune.alias.v1.promoted", "calls")    the moves of the alias to a run of calls
    only("dev.attune.run.")                          whatever befalls a run
    """
    wanted = [_type(event_type)] if event_type else []
    wanted += [f'attributes."ce-dataset" = {_quoted(dataset)}'] if dataset else []
    written = " AND ".join(wanted)
    if len(written.encode()) > LONGEST_BYTES:
        raise ValueError(f"the filter has {len(written.encode())} bytes, and Pub/Sub takes {LONGEST_BYTES}")
    return written


def _type(wanted: str) -> str:
    if wanted.endswith("."):
        return f'hasPrefix(attributes."ce-type", {_quoted(wanted)})'
    return f'attributes."ce-type" = {_quoted(wanted)}'


def _quoted(text: str) -> str:
    """As a string literal: quotation marks and backslashes are escaped, as in JSON."""
    return json.dumps(text, ensure_ascii=False)
