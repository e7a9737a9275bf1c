"""A run's states, and the names made from it."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.names import run_id, run_number
from attune.domain.run import NoSuchStepError, Run, RunState, Step, opened

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WAY = [
    RunState.OPENED,
    RunState.CUT,
    RunState.ASSEMBLED,
    RunState.LAUNCHING,
    RunState.RUNNING,
    RunState.EVALUATING,
]
ENDS = {RunState.PROMOTED, RunState.REJECTED, RunState.FAILED, RunState.CANCELLED}
STEPS = {
    *pairwise(WAY),
    (RunState.LAUNCHING, RunState.ASSEMBLED),
    (RunState.ASSEMBLED, RunState.AWAITING_APPROVAL),
    *((RunState.EVALUATING, end) for end in (RunState.PROMOTED, RunState.REJECTED, RunState.AWAITING_APPROVAL)),
    *((RunState.AWAITING_APPROVAL, after) for after in (RunState.EVALUATING, RunState.REJECTED)),
    *((state, end) for state in (*WAY, RunState.AWAITING_APPROVAL) for end in (RunState.FAILED, RunState.CANCELLED)),
}
STEPS |= {(RunState.PROMOTED, RunState.ROLLED_BACK), (RunState.ROLLED_BACK, RunState.PROMOTED)}
WITH_A_JOB = {RunState.RUNNING, RunState.EVALUATING, RunState.AWAITING_APPROVAL}


def _in(state: RunState) -> Run:
    return Run("d", 1, state, NOW, NOW, 100, job="jobs/1" if state in WITH_A_JOB else None)


@pytest.mark.parametrize("after", RunState)
@pytest.mark.parametrize("before", RunState)
def test_a_run_takes_the_steps_of_its_way_and_no_other(before: RunState, after: RunState) -> None:
    if (before, after) in STEPS:
        assert _in(before).to(after, LATER).state is after
    else:
        with pytest.raises(NoSuchStepError, match=f"r000001 of d is {before} and cannot become {after}"):
            _in(before).to(after, LATER)


@pytest.mark.parametrize("end", sorted(ENDS))
def test_a_run_that_ended_is_not_looked_at_again(end: RunState) -> None:
    before = RunState.EVALUATING if (RunState.EVALUATING, end) in STEPS else RunState.OPENED
    assert not _in(before).to(end, LATER).active


def test_a_run_that_is_rolled_back_or_serves_again_is_not_looked_at_by_ticks() -> None:
    back = _in(RunState.EVALUATING).to(RunState.PROMOTED, NOW).to(RunState.ROLLED_BACK, LATER, "worse")
    assert (back.active, back.reason) == (False, "worse")
    assert not back.to(RunState.PROMOTED, LATER).active


def test_a_run_that_waits_for_a_person_is_not_looked_at_by_every_tick() -> None:
    assert not _in(RunState.EVALUATING).to(RunState.AWAITING_APPROVAL, LATER).active


@pytest.mark.parametrize("after", RunState)
def test_a_run_that_is_held_for_its_cost_goes_back_to_where_it_was_or_ends(after: RunState) -> None:
    held = _in(RunState.ASSEMBLED).to(RunState.AWAITING_APPROVAL, NOW)
    if after in {RunState.ASSEMBLED, RunState.FAILED, RunState.CANCELLED}:
        assert held.to(after, LATER).state is after
    else:
        with pytest.raises(NoSuchStepError):
            held.to(after, LATER)


def test_a_run_that_is_held_for_its_cost_is_looked_at_by_every_tick_and_by_no_launcher() -> None:
    held = _in(RunState.ASSEMBLED).to(RunState.AWAITING_APPROVAL, LATER)
    assert (held.held_for_its_cost, held.active) == (True, True)
    assert (held.before_its_job, held.unassembled) == (False, False)
    assert not _in(RunState.AWAITING_APPROVAL).held_for_its_cost
    assert not held.to(RunState.ASSEMBLED, LATER).held_for_its_cost


@pytest.mark.parametrize(("before", "after"), list(pairwise(WAY)))
def test_a_run_on_its_way_is_active(before: RunState, after: RunState) -> None:
    assert _in(before).active
    assert _in(before).to(after, LATER).active


def test_a_run_remembers_when_it_was_in_which_state() -> None:
    run = opened("d", 7, 100, NOW).to(RunState.CUT, LATER)
    assert run.history == (Step(RunState.OPENED, NOW), Step(RunState.CUT, LATER))
    assert (run.opened_at, run.changed_at) == (NOW, LATER)


def test_a_step_takes_away_the_note_and_the_reason_of_the_state_before() -> None:
    noted = Run("d", 1, RunState.LAUNCHING, NOW, NOW, 100, note="quota", reason="because")
    assert (noted.to(RunState.ASSEMBLED, LATER).note, noted.to(RunState.ASSEMBLED, LATER).reason) == (None, None)
    assert noted.to(RunState.FAILED, LATER, "no luck").reason == "no luck"


def test_the_launcher_has_something_to_do_until_the_job_runs() -> None:
    assert [state for state in RunState if _in(state).before_its_job] == WAY[:4]
    assert [state for state in RunState if _in(state).unassembled] == WAY[:2]


def test_a_run_was_assembled_whatever_became_of_it() -> None:
    cut = opened("d", 1, 4, NOW).to(RunState.CUT, NOW)
    assert not cut.to(RunState.FAILED, NOW).was_assembled
    assert cut.to(RunState.ASSEMBLED, NOW).to(RunState.FAILED, NOW).was_assembled


@given(st.integers(1, 999_998))
def test_runs_sort_as_text_as_they_do_as_numbers(number: int) -> None:
    assert run_id(number) < run_id(number + 1)
    assert re.fullmatch(r"r\d{6}", run_id(number))


@given(st.integers(1, 999_999))
def test_a_run_is_found_by_its_id_or_by_its_number(number: int) -> None:
    for text in (run_id(number), f"r{number}", str(number)):
        assert run_number(text) == number


@pytest.mark.parametrize("text", ["", "r", "r0", "0", "first", "r1x", "-1", "1.5", "r0000000000000001000000000"])
def test_what_names_no_run_has_no_number(text: str) -> None:
    assert run_number(text) is None


@given(st.text(min_size=1))
def test_a_runs_label_is_one_that_the_service_takes(dataset: str) -> None:
    run = opened(dataset.encode(errors="replace").decode(), 12, 4, NOW)
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", run.label)
    assert run.label.endswith("-r000012")


@given(st.text(min_size=1))
def test_a_runs_folder_is_one_that_a_uri_can_carry(dataset: str) -> None:
    run = opened(dataset.encode(errors="replace").decode(), 12, 4, NOW)
    assert re.fullmatch(r"runs/[A-Za-z0-9._-]+/r000012", run.folder)


def test_a_plain_datasets_files_lie_under_its_name() -> None:
    assert opened("interviews-2026", 3, 4, NOW).folder == "runs/interviews-2026/r000003"
