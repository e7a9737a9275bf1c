"""Runs: a dataset's, the newest first, and one of them whole. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from attune.domain.evaluation.verdict import Evaluation
from attune.domain.names import run_number
from attune.domain.run import Run
from attune.ports import Documents
from attune.services.manifests import of_evaluations, of_runs


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run and what was measured of its model, if it was."""

    run: Run
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Runs:
    """The service, with its port."""

    documents: Documents

    def newest(self, dataset: str, most: int) -> list[Run]:
        """At most so many of the dataset's runs, the newest first."""
        return [found.value for found in self.documents.find(of_runs.newest_runs(dataset), limit=most)]

    def whole(self, dataset: str, run: str) -> WholeRun | None:
        """One run, by its id or its number; None where there is none."""
        number = run_number(run)
        if number is None:
            return None
        found, evaluation = self.documents.get_all(
            [of_runs.run(dataset, number), of_evaluations.evaluation(dataset, number)]
        )
        return WholeRun(found.value, evaluation.value if evaluation else None) if found else None
