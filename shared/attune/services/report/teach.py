"""Teach: let those who judge arriving pairs know how the dataset's transcripts are written, when that has changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from attune.domain.quality.customs import LEAST_SEEN, Customs
from attune.errors import ConflictError
from attune.ports import Documents, Replace
from attune.services.manifests import of_datasets

_ATTEMPTS = 3
_GROWTH = 1.1  # a number of transcripts is another one when it is a tenth more
_Rough = tuple[int, dict[str, int]] | None


def teach(dataset: str, customs: Customs, minute: int, documents: Documents) -> bool:
    """Writes the customs where every event reads its settings, if they are noticeably other than what stands there.

    `minute` is that until which all changes are in them. Returns whether it wrote.

    Raises:
        ConflictError: somebody kept writing there.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        read = documents.get(of_datasets.state(dataset))
        if read is None or not differ(read.value.customs, customs):
            return False
        try:
            documents.commit(Replace(read, replace(read.value, customs=customs, reported_minute=minute)))
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise
        else:
            return True
    return False


def differ(before: Customs, after: Customs) -> bool:
    """Whether a pair could be judged otherwise, or told other figures: shares in whole per cent, and about how many."""
    return _rough(before.casing) != _rough(after.casing) or _rough(before.punctuation) != _rough(after.punctuation)


def _rough(counts: Mapping[str, int]) -> _Rough:
    """Per cent rounded down, so that no share passes from below nine tenths to more unseen."""
    total = sum(counts.values())
    if total < LEAST_SEEN:
        return None
    return int(math.log(total, _GROWTH)), {name: 100 * count // total for name, count in counts.items()}
