"""A reader that asks all the time what an alias stands for, as an application would, and remembers what it was told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from attune.ports import Documents
from attune.services.manifests import of_aliases

_BETWEEN_SECONDS = 0.2


@dataclass(slots=True)
class Reader:
    """Reads in a thread of its own while its `with` lasts. `seen` are the runs in the order they were seen."""

    documents: Documents
    alias: str
    seen: list[str] = field(default_factory=list)
    readings: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _trouble: list[Exception] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begins."""
        self._thread = threading.Thread(target=self._read_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends, and raises what kept it from reading."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._trouble and error is None:
            raise self._trouble[0]

    def _read_on(self) -> None:
        try:
            while not self._stop.wait(_BETWEEN_SECONDS):
                self._read()
        except Exception as trouble:  # noqa: BLE001 - it is raised where the reader is waited for
            self._trouble.append(trouble)

    def _read(self) -> None:
        found = self.documents.get(of_aliases.alias(self.alias))
        self.readings += 1
        if found is not None and self.seen[-1:] != [found.value.current.run]:
            self.seen.append(found.value.current.run)
