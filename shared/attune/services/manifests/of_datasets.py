"""Where settings lie, and what attune keeps of each dataset; and which datasets there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attune.domain.quality.customs import Customs
from attune.ports import Key, Query, RawDocument

DEFAULTS = Key(RawDocument, ("settings", "defaults"))


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What attune knows of a dataset: its last good settings, and what is wrong with those that stand there now.

    `version` counts the phrasings its rows have been put in, `version_digest` names the one in force since
    `version_since`. `customs` is how its transcripts are written, as of its last report, which took in all that had
    changed by `reported_minute` (minutes since 1970). `census_hour` is that of its last census, in hours since 1970.
    """

    dataset: str
    good: Mapping[str, object] = field(default_factory=dict)
    written: str = ""
    errors: tuple[str, ...] = ()
    errors_written: str = ""
    errors_since: datetime | None = None
    census_hour: int = 0
    version: int = 0
    version_digest: str = ""
    version_since: datetime | None = None
    customs: Customs = field(default_factory=Customs)
    reported_minute: int = 0


def own_settings(dataset: str) -> Key[RawDocument]:
    """The settings a person wrote for a dataset."""
    return Key(RawDocument, ("datasets", dataset))


def state(dataset: str) -> Key[DatasetState]:
    """What attune knows of a dataset."""
    return Key(DatasetState, ("states", dataset))


def known_datasets() -> Query[DatasetState]:
    """The datasets that attune has accepted a pair of."""
    return Query(DatasetState, ("states",))


def configured_datasets() -> Query[RawDocument]:
    """The datasets that a person has written settings for."""
    return Query(RawDocument, ("datasets",))
