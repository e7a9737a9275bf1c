"""Only a better model gets the alias: measured on the same utterances, judged, and none of it paid for twice."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pybase64
import pytest

from attune import bootstrap
from attune.config import Settings
from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answered
from attune.domain.evaluation.verdict import Decision
from attune.domain.run import Run, RunState
from attune.errors import ConflictError, PassingError
from attune.ports import Query
from attune.services.approve import Answer
from attune.services.evaluate.silence import silent_row
from attune.services.manifests import of_aliases, of_runs
from attune.services.promote import Promoting
from attune_local.vertex.mischief import Kind, Method, Mischief
from service.scenes import dies_at, told
from service.schoolroom import School, school
from service.theatre import Killed

LEASE_SECONDS = 301  # of who died while he asked
ASKED = frozenset({Method.GENERATE_CONTENT})


def until_evaluating(stage: School) -> Run:
    """Ticks, until the newest run's model is to be measured."""
    for _ in range(30):
        run: Run | None = stage.runs()[-1] if stage.runs() else None
        if run is not None and run.state is RunState.EVALUATING:
            stage.pass_time(LEASE_SECONDS)
            return run
        if run is not None and run.before_its_job:
            stage.launch()
        stage.pass_time(20)
        evaluating_stopped(stage)
    raise AssertionError("no run came to be evaluated")


def evaluating_stopped(stage: School) -> None:
    """A tick that dies when it would ask its first question."""
    try:
        stage.tick(dies_at("answering.ask"))
    except (Killed, PassingError):
        return


def test_a_first_run_that_beats_its_base_model_gets_the_alias() -> None:
    stage = school()
    run = stage.run_to_its_end(40, "first")
    assert run.state is RunState.PROMOTED
    evaluation = stage.evaluation(run)
    assert evaluation.verdict is not None
    assert evaluation.verdict.decision is Decision.PASS
    challenger, base = evaluation.scores[Role.CHALLENGER], evaluation.scores[Role.BASE]
    assert Role.CHAMPION not in evaluation.scores
    assert challenger.words.rate < base.words.rate  # type: ignore[operator]  # both were measured
    assert evaluation.examples == run.validation.rows if run.validation else 0
    assert stage.alias().current.run == run.id
    measured: Any = told(stage, "promoted")[0].data["measured"]
    assert measured["challenger"] == challenger.words.rate
    assert measured["base"] == base.words.rate
    assert measured["champion"] is None


def test_a_run_on_a_poisoned_corpus_is_rejected_with_the_reason_and_the_alias_stays() -> None:
    stage = school()
    first = stage.run_to_its_end(40, "first")
    poisoned = stage.run_to_its_end(60, "poisoned", falsely=True)
    assert poisoned.state is RunState.REJECTED
    assert "WER" in (poisoned.reason or "")
    assert "champion" in (poisoned.reason or "")
    assert (stage.alias().current.run, stage.alias().serial) == (first.id, 1)
    evaluation = stage.evaluation(poisoned)
    champion = evaluation.contender(Role.CHAMPION)
    assert champion is not None
    assert champion.run == first.id
    rejected: Any = told(stage, "rejected")[0].data
    assert rejected["reason"] == poisoned.reason
    assert rejected["measured"]["champion"] < rejected["measured"]["challenger"]
    assert str(rejected["report_uri"]).startswith("gs://datasets/reports/")


def test_a_better_run_takes_the_alias_from_the_champion() -> None:
    stage = school(threshold=40, gate={"confidence": 0.5})
    stage.run_to_its_end(40, "first", falsely=False)
    second = stage.run_to_its_end(120, "second")
    assert second.state is RunState.PROMOTED
    assert stage.alias().current.run == second.id


def test_all_contenders_answer_the_same_utterances_once() -> None:
    stage = school()
    run = stage.run_to_its_end(40, "first")
    rows = run.validation.rows if run.validation else 0
    assert rows > 3
    silence, smoke = 1, 1
    assert stage.pupil.asked == 2 * (rows + silence) + smoke


def test_what_the_base_and_the_champion_answered_before_is_not_asked_again() -> None:
    stage = school(gate={"min_improvement": -1.0, "confidence": 0.0})
    first = stage.run_to_its_end(40, "first")
    before = stage.pupil.asked
    second = stage.run_to_its_end(40, "second")
    assert first.validation
    assert second.validation
    new = second.validation.rows - first.validation.rows
    challenger, champion_and_base = second.validation.rows + 1, 2 * new
    assert stage.pupil.asked - before == challenger + champion_and_base + 1


def test_no_more_utterances_are_asked_than_eval_examples() -> None:
    stage = school(eval_examples=5)
    run = stage.run_to_its_end(60, "first")
    evaluation = stage.evaluation(run)
    assert (evaluation.examples, evaluation.held_out) == (5, run.validation.rows if run.validation else 0)
    assert stage.pupil.asked == 2 * (5 + 1) + 1


def test_what_a_model_makes_of_silence_is_counted_apart_and_may_be_limited() -> None:
    stage = school(gate={"max_silence_words": 0})
    silence = hashlib.sha256(pybase64.b64decode(silent_wav())).hexdigest()
    stage.pupil.truth[silence] = "thank you for watching " * 6
    run = stage.run_to_its_end(40, "first")
    made_up = {role: score.silence_words or 0 for role, score in stage.evaluation(run).scores.items()}
    assert made_up[Role.CHALLENGER] > 0
    assert run.state is RunState.REJECTED
    assert "answered to silence" in (run.reason or "")
    assert stage.evaluation(run).scores[Role.CHALLENGER].examples == (run.validation.rows if run.validation else 0)


def test_an_evaluation_goes_on_with_the_next_tick_and_says_how_far_it_is() -> None:
    stage = school()
    stage.deployment = stage.deployment.model_copy(update={"questions_a_tick": 5})
    stage.teach(40, "first")
    run = until_evaluating(stage)
    asked = stage.pupil.asked
    stage.tick()
    assert stage.pupil.asked == asked + 5
    assert stage.runs()[-1].note.startswith("5 of ")
    stage.settle()
    assert stage.runs()[-1].state is RunState.PROMOTED
    assert run.validation
    assert stage.pupil.asked == 2 * (run.validation.rows + 1) + 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["documents.commit", "answering.ask", "documents.get_all", "objects.read"])
@pytest.mark.parametrize("nth", [1, 2, 9])
def test_a_crash_anywhere_costs_no_second_answer_for_what_is_kept(call: str, nth: int, after: bool) -> None:  # noqa: FBT001 - a table
    stage = school()
    stage.teach(40, "first")
    run = until_evaluating(stage)
    try:
        stage.tick(dies_at(call, nth, after=after))
    except Killed:
        stage.pass_time(700)
    kept = len(stage.documents.find(Query(Answered, ("datasets", "d", "answers"))))
    asked = stage.pupil.asked
    stage.settle()
    assert stage.runs()[-1].state is RunState.PROMOTED
    assert run.validation
    assert stage.pupil.asked - asked <= 2 * (run.validation.rows + 1) - kept + 1


def test_two_watchers_at_once_ask_nothing_twice() -> None:
    stage = school()
    stage.teach(40, "first")
    run = until_evaluating(stage)
    inner: list[bool] = []

    def gate(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a gate
        if name == "answering.ask" and not inner:
            inner.append(True)
            stage.tick()
        return lambda: None

    stage.tick(gate)
    stage.settle()
    assert run.validation
    assert stage.pupil.asked == 2 * (run.validation.rows + 1) + 1
    assert stage.alias().serial == 1


def test_too_many_questions_put_the_rest_off_and_lose_none_of_the_answers() -> None:
    stage = school()
    stage.teach(40, "first")
    run = until_evaluating(stage)
    stage.engine.misbehave(Mischief(Kind.EXHAUSTED, times=2, methods=ASKED))
    tick = stage.tick()
    assert any("asked" in trouble or "exhausted" in trouble for trouble in tick.put_off)
    stage.settle()
    assert stage.runs()[-1].state is RunState.PROMOTED
    assert run.validation
    assert stage.pupil.asked == 2 * (run.validation.rows + 1) + 1


def test_a_champion_whose_endpoint_vanished_leaves_the_base_as_the_bar() -> None:
    stage = school(gate={"confidence": 0.5})
    stage.run_to_its_end(40, "first")
    stage.engine.vanish(stage.alias().current.endpoint)
    second = stage.run_to_its_end(60, "second")
    evaluation = stage.evaluation(second)
    assert Role.CHAMPION in evaluation.absent
    assert Role.CHAMPION not in evaluation.scores or evaluation.scores[Role.CHAMPION].examples < evaluation.examples
    assert second.state is RunState.PROMOTED
    assert stage.alias().current.run == second.id


def test_a_run_whose_own_endpoint_vanished_is_never_promoted() -> None:
    stage = school()
    stage.teach(40, "first")
    run = until_evaluating(stage)
    stage.engine.vanish(str(run.endpoint))
    for _ in range(80):
        stage.tick()
        stage.pass_time(60)
    assert stage.runs()[-1].state is RunState.FAILED
    assert stage.documents.get(of_aliases.alias("d")) is None


def test_a_run_that_cannot_be_measured_for_a_day_is_left_to_a_person() -> None:
    stage = school()
    stage.teach(40, "first")
    until_evaluating(stage)
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, times=10_000, methods=ASKED))
    stage.tick()
    assert stage.runs()[-1].state is RunState.EVALUATING
    stage.pass_time(timedelta(hours=25).total_seconds())
    stage.tick()
    assert stage.runs()[-1].state is RunState.AWAITING_APPROVAL
    assert "within a day" in stage.runs()[-1].reason
    assert told(stage, "awaitingApproval")[0].data["awaits"] == "promotion"


def test_without_a_hold_out_a_person_decides_unless_the_settings_say_otherwise() -> None:
    held, promoted = school(validation_fraction=0), school(validation_fraction=0, gate={"unmeasured": "promote"})
    for stage in (held, promoted):
        stage.teach(40, "first")
        stage.settle()
    assert held.runs()[-1].state is RunState.AWAITING_APPROVAL
    assert told(held, "awaitingApproval")[0].data["measured"] is None
    assert promoted.runs()[-1].state is RunState.PROMOTED


def test_an_endpoint_that_does_not_answer_the_last_call_does_not_get_the_alias() -> None:
    stage = school(promotion="manual")
    stage.teach(40, "first")
    stage.settle()
    run = stage.runs()[-1]
    assert run.state is RunState.AWAITING_APPROVAL
    stage.engine.misbehave(Mischief(Kind.BLOCK, times=1, methods=ASKED))
    assert approved(stage, run).stands
    stage.settle()
    assert stage.runs()[-1].state is RunState.REJECTED
    assert "last call" in stage.runs()[-1].reason
    assert stage.documents.get(of_aliases.alias("d")) is None


def test_a_run_that_was_measured_against_another_than_the_alias_stands_for_is_not_promoted() -> None:
    stage = school(gate={"confidence": 0.5})
    stage.run_to_its_end(40, "first")
    stage.teach(120, "second")
    run = until_evaluating(stage)
    read = stage.documents.get(of_runs.run("d", run.number))
    promoting = Promoting(stage.documents, stage.post, stage.clock, lambda _: None, lambda _: "")
    with pytest.raises(ConflictError, match="moved since"):
        promoting(read, over=None)
    assert (stage.alias().serial, stage.runs()[-1].state) == (1, RunState.EVALUATING)
    stage.settle()
    assert stage.alias().current.run == run.id


def silent_wav() -> str:
    """The silence that models are asked about, in base64."""
    row = json.loads(silent_row(Settings().recipe("d")))
    sound = next(part for part in row["contents"][0]["parts"] if "inlineData" in part)
    return str(sound["inlineData"]["data"])


def approved(stage: School, run: Run) -> Answer:
    return bootstrap.approving(stage.ports()).approve(run.dataset, run.id)
