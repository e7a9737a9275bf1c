"""Which side of the hold-out a pair is on: a salted hash of its words, or of its speaker group."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

_SALT = "attune-hold-out"
_UNIT = 1 << 64


class Split(StrEnum):
    """The two files a run is made of."""

    TRAIN = "train"
    VALIDATION = "validation"


def group_of(path: str, group_by: str | None) -> str | None:
    """The speaker group of a pair: what the pattern `group_by` finds in its path (its first group), if anything."""
    found = re.search(group_by, path) if group_by else None
    if found is None:
        return None
    return found.group(1) if found.re.groups and found.group(1) is not None else found.group(0)


def split_of(dataset: str, by: str, validation_fraction: float) -> Split:
    """The side of a group, or of words, or of a recording: the same for ever under one fraction."""
    digest = hashlib.sha256(f"{_SALT}\0{dataset}\0{by}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / _UNIT
    return Split.VALIDATION if share < validation_fraction else Split.TRAIN
