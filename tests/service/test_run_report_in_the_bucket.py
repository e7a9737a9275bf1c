"""Where a run's report is written, from what, and what is on its curve."""

from __future__ import annotations

import json
from dataclasses import replace

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Mark
from attune.domain.evaluation.verdict import Decision
from attune.domain.run import Run, RunState, opened
from attune.ports import Create
from attune.services.evaluate.evaluating import Heard
from attune.services.manifests import of_evaluations, of_runs
from attune.services.run_report.publish import Reporting
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import MemoryBucket, MemoryObjects
from measured import NOW, a_run, a_score, an_evaluation, utterances


class Counted:
    """Marks by how many words the answer has."""

    normalisation = "none"

    def mark(self, example: Example, answer: Answer) -> Mark:
        return Mark(Edits(len(answer.text.split()), length=len(example.reference.split())))


class Desk:
    """The service, with a bucket and manifests of its own."""

    def __init__(self) -> None:
        self.documents, self.bucket = MemoryDocuments(), MemoryBucket("b")
        self.languages: list[str] = []
        self.write = Reporting(self.documents, MemoryObjects(self.bucket), self._scorer, lambda: NOW)

    def _scorer(self, language: str) -> Counted:
        self.languages.append(language)
        return Counted()

    def file(self, name: str) -> str:
        return self.bucket.live[f"reports/interviews/runs/{name}"].data.decode()

    def measured_before(self, number: int, wrong: int, decision: Decision) -> Run:
        run = replace(a_run(), number=number)
        evaluation = replace(an_evaluation(decision), scores={Role.CHALLENGER: a_score(wrong, 0.0, 0.9)})
        self.documents.commit(
            Create(of_runs.run(run.dataset, number), run),
            Create(of_evaluations.evaluation(run.dataset, number), evaluation),
        )
        return run


def heard() -> Heard:
    roles = (Role.CHALLENGER, Role.CHAMPION, Role.BASE)
    return Heard(
        tuple(each.example for each in utterances()),
        {role: {each.example.pair: each.answers[role] for each in utterances()} for role in roles},
    )


def test_both_files_are_written_with_the_runs_before_this_one_on_the_curve() -> None:
    desk = Desk()
    for number, wrong in ((6, 130), (3, 200), (9, 50)):
        desk.measured_before(number, wrong, Decision.PASS)
    desk.documents.commit(Create(of_runs.run("interviews", 5), opened("interviews", 5, 9, NOW)))
    desk.write(a_run(), an_evaluation(), heard())
    told = json.loads(desk.file("r000007.json"))
    assert [(each["run"], each["wer"]) for each in told["curve"]] == [
        ("r000003", 0.2),
        ("r000006", 0.13),
        ("r000007", 0.091),
    ]
    assert [each["answers"]["challenger"]["errors"] for each in told["worst"]] == [13, 11, 9]
    assert "It passed the gate" in desk.file("r000007.html")
    assert desk.languages == ["en"]
    types = {name: kept.content_type for name, kept in desk.bucket.live.items()}
    assert types["reports/interviews/runs/r000007.html"] == "text/html; charset=utf-8"
    assert types["reports/interviews/runs/r000007.json"] == "application/json"


def test_a_run_without_an_evaluation_is_written_and_replaced_by_one_with() -> None:
    desk = Desk()
    desk.write.unmeasured(a_run(upto=RunState.RUNNING).to(RunState.FAILED, NOW, "No quota."))
    assert "No quota." in desk.file("r000007.html")
    assert json.loads(desk.file("r000007.json"))["evaluation"] is None
    desk.write(a_run(), an_evaluation(), heard())
    assert json.loads(desk.file("r000007.json"))["evaluation"]["examples"] == 104
