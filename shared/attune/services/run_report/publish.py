"""Publish: write a run's report beside its dataset's, in place of what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attune.domain.evaluation.verdict import Evaluation
from attune.domain.run import Run
from attune.ports import Clock, Documents, Objects
from attune.ports_tuning import Scorer
from attune.services.evaluate.evaluating import Heard, Scorers
from attune.services.evaluate.places import run_figures_name, run_page_name
from attune.services.manifests import of_evaluations, of_runs
from attune.services.run_report.facts import Point, RunReport, Utterance, point
from attune.services.run_report.figures import as_json
from attune.services.run_report.page import render

_HTML, _JSON = "text/html; charset=utf-8", "application/json"
_RUNS = 100  # the latest, on the curve


def write_run_report(report: RunReport, objects: Objects) -> str:
    """Stores both files, the figures first; returns the page's gs:// address."""
    objects.replace(run_figures_name(report.run), as_json(report), _JSON)
    objects.replace(run_page_name(report.run), render(report), _HTML)
    return objects.uri(run_page_name(report.run))


@dataclass(frozen=True, slots=True)
class Reporting:
    """The service, with its ports."""

    documents: Documents
    objects: Objects
    scorers: Scorers
    clock: Clock

    def __call__(self, run: Run, evaluation: Evaluation, heard: Heard) -> None:
        """Writes the report of a run that was measured."""
        language = run.recipe.trial.language if run.recipe else "en"
        utterances = tuple(_utterances(heard, self.scorers(language)))
        write_run_report(RunReport(run, self.clock(), evaluation, utterances, self.earlier(run)), self.objects)

    def unmeasured(self, run: Run) -> None:
        """Writes the report of a run that there is nothing to measure of, or that ended before."""
        write_run_report(RunReport(run, self.clock(), earlier=self.earlier(run)), self.objects)

    def earlier(self, run: Run) -> tuple[Point, ...]:
        """What was measured of the dataset's runs before this one, the oldest first."""
        latest = [found.value for found in self.documents.find(of_runs.newest_runs(run.dataset), limit=_RUNS)]
        before = sorted((each for each in latest if each.number < run.number), key=lambda each: each.number)
        read = self.documents.get_all([of_evaluations.evaluation(each.dataset, each.number) for each in before])
        points = (point(each, found.value if found else None) for each, found in zip(before, read, strict=True))
        return tuple(each for each in points if each)


def _utterances(heard: Heard, scorer: Scorer) -> Iterator[Utterance]:
    for example in heard.examples:
        answers = {role: by_pair[example.pair] for role, by_pair in heard.answers.items()}
        yield Utterance(example, answers, {role: scorer.mark(example, answer) for role, answer in answers.items()})
