"""Park what cannot be worked on: kept with its reason and acknowledged, until a person asks for another try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

from attune.domain.parked import Parked, Task
from attune.errors import AttuneError, ConflictError, FinalError, PassingError
from attune.ports import Clock, Create, Delete, Documents, Replace, Versioned
from attune.services.manifests import of_parked

DELIVERIES = 5
"""So often an error that is none of ours may come out of an event before it is parked: it may be the machine's."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parking:
    """The service, with its ports."""

    documents: Documents
    clock: Clock

    def __call__(self, task: Task, subject: str, facts: Mapping[str, int], work: Callable[[], T]) -> T | Parked:
        """Does the work. An error that trying again cannot help is written down, and the event is done with.

        Raises:
            PassingError: trying again may help.
            Exception: an error that is none of ours, as often as an event may come again.
        """
        try:
            return work()
        except PassingError:
            raise
        except Exception as trouble:
            most = 1 if isinstance(trouble, FinalError) else DELIVERIES
            parked = self._write(task, subject, facts, _reason(trouble), most)
            if not parked.parked:
                raise
            return parked

    def at_once(self, task: Task, subject: str, facts: Mapping[str, int], work: Callable[[], T]) -> T | Parked:
        """The same where no event would come again by itself: whatever error comes out is written down.

        Raises:
            PassingError: trying again may help.
        """
        try:
            return work()
        except PassingError:
            raise
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is written down, and a person looks at it
            return self._write(task, subject, facts, _reason(trouble), most=1)

    def again(self, read: Versioned[Parked], work: Callable[[], object]) -> Parked | None:
        """Tries what was parked once more; returns it as it is parked again, or None where it is done.

        Raises:
            PassingError: trying again may help, with the next tick.
        """
        value = read.value
        try:
            work()
        except PassingError:
            raise
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is written down, and a person looks at it
            deliveries = value.deliveries + 1
            parked = replace(
                value, reason=_reason(trouble), last_at=self.clock(), deliveries=deliveries, parked=True, again=False
            )
            self.documents.commit(Replace(read, parked))
            return parked
        self.documents.commit(Delete(read.key))
        return None

    def _write(self, task: Task, subject: str, facts: Mapping[str, int], reason: str, most: int) -> Parked:
        now = self.clock()
        new = Parked(task, subject, reason, now, now, parked=most == 1, facts=dict(facts))
        read = self.documents.get(of_parked.parked(new.id))
        if read is None:
            try:
                self.documents.commit(Create(of_parked.parked(new.id), new))
            except ConflictError:
                return self._write(task, subject, facts, reason, most)
            return new
        deliveries = read.value.deliveries + 1
        parked = replace(read.value, reason=reason, last_at=now, deliveries=deliveries, parked=deliveries >= most)
        self.documents.commit(Replace(read, parked))
        return parked


def _reason(trouble: Exception) -> str:
    """What a person reads. Of an error that is none of ours its kind and place, never its text, which may quote."""
    if isinstance(trouble, AttuneError):
        return str(trouble)
    frames = extract_tb(trouble.__traceback__)
    ours = [frame for frame in frames if "attune" in frame.filename] or list(frames)
    place = f" in {Path(ours[-1].filename).stem}.{ours[-1].name}, line {ours[-1].lineno}" if ours else ""
    return f"{type(trouble).__name__}{place}: a defect, or what no rule has foreseen; please report it"
