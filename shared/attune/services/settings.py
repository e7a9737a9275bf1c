"""Which settings are in force: those people wrote, or the last good ones where what they wrote cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from attune.config import Settings, laid_over, read_settings, written_digest
from attune.domain.quality.customs import Customs
from attune.errors import ConflictError
from attune.ports import Create, Documents, RawDocument, Replace, Versioned, Write
from attune.services.manifests import of_datasets
from attune.services.manifests.of_datasets import DatasetState


@dataclass(frozen=True, slots=True)
class Written:
    """What stands written: the settings that it makes, or what is wrong with it; and what attune remembers."""

    settings: Settings | tuple[str, ...]
    fields: dict[str, object]
    digest: str
    state: Versioned[DatasetState] | None


@dataclass(frozen=True, slots=True)
class InForce:
    """What an arriving pair is judged by: the settings, and how the dataset's transcripts are written so far."""

    settings: Settings
    customs: Customs


def in_force(dataset: str, documents: Documents, now: datetime) -> InForce:
    """What to work by. One read; a write only when somebody has changed the settings for the better.

    A bad edit is passed over here, without a word: `announce_settings` tells of it, once.
    """
    written = read_written(dataset, documents)
    customs = written.state.value.customs if written.state else Customs()
    if isinstance(written.settings, Settings):
        remember(dataset, written.settings, written, documents, now)
        return InForce(written.settings, customs)
    if written.state is None:
        _write_state(dataset, written, DatasetState(dataset), documents)  # so that the next tick tends the dataset
    return InForce(_last_good(written.state), customs)


def settings_in_force(dataset: str, documents: Documents, now: datetime) -> Settings:
    """The settings alone."""
    return in_force(dataset, documents, now).settings


def settings_as_they_stand(dataset: str, documents: Documents) -> Settings:
    """The same for whoever only looks: nothing is written."""
    written = read_written(dataset, documents)
    return written.settings if isinstance(written.settings, Settings) else _last_good(written.state)


def read_written(dataset: str, documents: Documents) -> Written:
    """What people wrote for a dataset, in one call."""
    keys = (of_datasets.DEFAULTS, of_datasets.own_settings(dataset), of_datasets.state(dataset))
    defaults, own, state = documents.get_all(keys)
    common, special = _fields(defaults), _fields(own)
    settings = read_settings(common, special)
    return Written(settings, laid_over(common, special), written_digest(common, special), state)


def _fields(document: Versioned[RawDocument] | None) -> dict[str, object]:
    return dict(document.value.fields) if document else {}


def _last_good(state: Versioned[DatasetState] | None) -> Settings:
    good = read_settings({}, state.value.good if state else {})
    return good if isinstance(good, Settings) else Settings()


def remember(dataset: str, settings: Settings, written: Written, documents: Documents, now: datetime) -> None:
    """Keeps the settings as the last good ones, and counts a new version where they put rows in another way."""
    before = written.state.value if written.state else DatasetState(dataset)
    if before.written == written.digest and not before.errors:
        return
    mended = replace(before, errors=(), errors_written="", errors_since=None)
    good = replace(mended, good=written.fields, written=written.digest)
    phrasing = settings.phrasing.version
    if phrasing != before.version_digest:
        good = replace(good, version=before.version + 1, version_digest=phrasing, version_since=now)
    _write_state(dataset, written, good, documents)


def _write_state(dataset: str, written: Written, after: DatasetState, documents: Documents) -> None:
    try:
        documents.commit(state_write(dataset, written.state, after))
    except ConflictError:
        # Another event remembers the same edit at this moment; or a newer one, which is better.
        return


def state_write(dataset: str, before: Versioned[DatasetState] | None, after: DatasetState) -> Write:
    """What keeps a dataset's state."""
    return Replace(before, after) if before else Create(of_datasets.state(dataset), after)
