"""Where it is kept how far a dataset's report has got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attune.ports import Key


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a dataset's report has got. Minutes are since 1970.

    Every pair that changed before the minute `since` is in the tree numbered `tree`, which is of the shape `shape`. A
    walk that was cut short goes on behind the pair `reached_pair` of the minute `reached`, and at its end `since` is
    `floor`. The files were last `published_at`, of these `lines` of so many `pairs`, beside settings named by `shown`.
    """

    dataset: str
    shape: int
    tree: int = 1
    since: int = 0
    floor: int = 0
    reached: int | None = None
    reached_pair: str = ""
    pairs: int = 0
    lines: str = ""
    shown: str = ""
    published_at: datetime | None = None


def progress(dataset: str) -> Key[Progress]:
    """How far a dataset's report has got."""
    return Key(Progress, ("reports", dataset))
