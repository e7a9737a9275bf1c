"""Announce what is wrong with the settings that people wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from attune.config import Settings
from attune.domain.events.message import message
from attune.domain.events.settings import SettingsInvalid
from attune.ports import Create, Documents, Post
from attune.services.manifests import of_outbox
from attune.services.manifests.of_datasets import DatasetState
from attune.services.outbox import deliver
from attune.services.settings import read_written, remember, state_write


def announce_settings(dataset: str, documents: Documents, post: Post, now: datetime) -> bool:
    """Records and announces a bad edit, once for each edit; takes the record away when it was mended.

    Returns:
        Whether the settings that stand there can be used.
    """
    written = read_written(dataset, documents)
    if isinstance(written.settings, Settings):
        remember(dataset, written.settings, written, documents, now)
        return True
    before = written.state.value if written.state else DatasetState(dataset)
    if before.errors_written != written.digest:
        found = replace(before, errors=written.settings, errors_written=written.digest, errors_since=now)
        told = message(SettingsInvalid(dataset, written.settings, written.digest, now.isoformat()), now)
        documents.commit(state_write(dataset, written.state, found), Create(of_outbox.outbox(told.id), told))
        deliver((told,), documents, post)
    return False
