"""After a promotion: the model is marked at the service, measured again for a while, and left when it got worse."""

from __future__ import annotations

from typing import Any

import pytest

from attune.domain.run import RunState
from attune.services.manifests import of_evaluations
from attune_local.vertex.mischief import Kind, Method, Mischief
from service.scenes import told
from service.schoolroom import School, school

HOUR = 3_600.0


def guarded(**guard: Any) -> School:
    """Two runs were promoted, and the second is still being guarded."""
    stage = school(guard={"hours": 3.0} | guard, gate={"confidence": 0.5})
    stage.run_to_its_end(40, "first")
    second = stage.run_to_its_end(120, "second")
    assert stage.alias().current.run == second.id
    return stage


def check(stage: School, number: int) -> Any:
    found = stage.documents.get(of_evaluations.guard_check("d", 2, number))
    return found.value if found else None


def test_a_model_that_answers_as_it_did_stays_and_is_left_alone_after_the_last_check() -> None:
    stage = guarded()
    asked = stage.pupil.asked
    for _ in range(4):
        stage.pass_time(HOUR)
        stage.tick()
    assert [check(stage, number).passed for number in (1, 2, 3)] == [True, True, True]
    assert check(stage, 4) is None
    examples = check(stage, 1).examples
    assert stage.pupil.asked == asked + 3 * examples
    assert (stage.alias().guarded, stage.alias().at_rest, stage.alias().serial) == (False, True, 2)


def test_no_check_is_made_before_it_is_due() -> None:
    stage = guarded()
    stage.pass_time(HOUR / 2)
    asked = stage.pupil.asked
    stage.tick()
    assert stage.pupil.asked == asked
    assert check(stage, 1) is None


def test_a_model_that_got_worse_is_rolled_back_and_that_is_told_with_its_figures() -> None:
    stage = guarded()
    stage.pupil.dull = 40
    stage.pass_time(HOUR)
    tick = stage.tick()
    stage.tick()
    assert "it may rise by 5.0%" in tick.guarded[0]
    assert stage.alias().current.run == "r000001"
    assert stage.runs()[-1].state is RunState.ROLLED_BACK
    (message,) = told(stage, "rolledBack")
    assert message.data["previous_run"] == "r000002"
    assert message.data["reason"] == check(stage, 1).sentence
    assert check(stage, 1).now > check(stage, 1).then


def test_a_model_whose_endpoint_vanished_is_rolled_back() -> None:
    stage = guarded()
    stage.engine.vanish(stage.alias().current.endpoint)
    stage.pass_time(HOUR)
    stage.tick()
    assert stage.alias().current.run == "r000001"
    assert "no longer answers" in stage.runs()[-1].reason


def test_a_first_model_that_got_worse_stays_for_want_of_another() -> None:
    stage = school(guard={"hours": 1.0, "checks": 1})
    run = stage.run_to_its_end(40, "first")
    stage.pupil.dull = 40
    stage.pass_time(HOUR)
    (said,) = stage.tick().guarded
    assert "was not rolled back" in said
    assert stage.alias().current.run == run.id
    assert stage.tick().guarded == []


def test_a_check_that_was_cut_off_goes_on_and_asks_nothing_twice() -> None:
    stage = guarded(checks=1)
    stage.deployment = stage.deployment.model_copy(update={"questions_a_tick": 5})
    stage.pass_time(3 * HOUR)
    asked = stage.pupil.asked
    for _ in range(20):
        stage.tick()
    assert stage.pupil.asked == asked + check(stage, 1).examples


def test_without_hours_nothing_is_asked_again() -> None:
    stage = school()
    stage.run_to_its_end(40, "first")
    asked = stage.pupil.asked
    stage.pass_time(100 * HOUR)
    stage.tick()
    assert stage.pupil.asked == asked
    assert stage.alias().at_rest


# --- annotation -------------------------------------------------------------------------------------------------


def marks(stage: School, run: int) -> dict[str, str]:
    labels = stage.engine.get_model(str(stage.runs()[run].model)).labels
    return {name: value for name, value in labels.items() if name.startswith("attune_d")}


def test_the_model_behind_the_alias_is_marked_and_the_one_before_no_longer() -> None:
    stage = guarded()
    stage.tick()
    assert (marks(stage, 0), marks(stage, 1)) == ({}, {"attune_d": "r000002"})


@pytest.mark.parametrize("method", [Method.GET_MODEL, Method.UPDATE_MODEL, Method.MERGE_VERSION_ALIASES])
def test_an_annotation_that_failed_is_made_good_by_a_later_tick(method: Method) -> None:
    stage = school()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, times=3, methods=frozenset({method})))
    stage.run_to_its_end(40, "first")
    for _ in range(4):
        stage.tick()
    assert marks(stage, 0) == {"attune_d": "r000001"}
    assert stage.alias().annotated


def test_a_model_that_is_gone_cannot_be_marked_and_keeps_nothing_waiting() -> None:
    stage = school()
    stage.engine.misbehave(Mischief(Kind.BLOCK, times=1, methods=frozenset({Method.UPDATE_MODEL})))
    run = stage.run_to_its_end(40, "first")
    stage.tick()
    assert run.state is RunState.PROMOTED
    assert stage.alias().at_rest
    assert marks(stage, 0) == {}
