"""Annotate: say at the tuning service which model an alias stands for. Nothing here reads it; people do."""

from __future__ import annotations

from dataclasses import dataclass

from attune.domain.alias import Alias
from attune.domain.names import label_key
from attune.errors import RefusedError
from attune.ports import Documents, Replace, Versioned
from attune.ports_tuning import Tuning


@dataclass(frozen=True, slots=True)
class Annotating:
    """The service, with its ports."""

    documents: Documents
    tuning: Tuning

    def __call__(self, read: Versioned[Alias]) -> None:
        """Marks the model that the alias stands for and unmarks the one before, once for each move.

        A model that is not there, or may not be marked, is passed over.

        Raises:
            ConflictError: the alias moved at this moment; the next tick annotates anew.
            UnavailableError: the service did not answer; likewise.
        """
        alias = read.value
        label = f"attune_{label_key(alias.name)}"
        if alias.previous is not None and alias.previous.model != alias.current.model:
            self._mark(alias.previous.model, label, None)
        self._mark(alias.current.model, label, alias.current.run)
        self.documents.commit(Replace(read, alias.tended(annotated=True)))

    def _mark(self, model: str, label: str, run: str | None) -> None:
        try:
            self.tuning.annotate(model, label, run)
        except RefusedError:
            return  # an annotation decides nothing
