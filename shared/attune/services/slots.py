"""Slots: the project runs at most so many tuning jobs at once, each under a slot claimed by one conditional write."""

from __future__ import annotations

from datetime import datetime

from attune.domain.run import Run
from attune.errors import ConflictError
from attune.ports import Create, Delete, Documents
from attune.services.manifests import of_leases
from attune.services.manifests.of_leases import Slot


def claim_slot(run: Run, most: int, documents: Documents, now: datetime) -> bool:
    """Whether the run has a slot now: one it had already, or a free one."""
    keys = [of_leases.slot(index) for index in range(most)]
    taken = documents.get_all(keys)
    if any(found and _is_of(found.value, run) for found in taken):
        return True
    for key, found in zip(keys, taken, strict=True):
        if found is None:
            try:
                documents.commit(Create(key, Slot(run.dataset, run.id, now)))
            except ConflictError:
                continue  # another run was quicker; the next slot may be free
            return True
    return False


def freed_slot(run: Run, documents: Documents) -> list[Delete[Slot]]:
    """The write that gives the run's slot back, to be committed with the run's own."""
    taken = documents.find(of_leases.all_slots())
    return [Delete(found.key, found) for found in taken if _is_of(found.value, run)]


def _is_of(slot: Slot, run: Run) -> bool:
    return (slot.dataset, slot.run) == (run.dataset, run.id)
