"""An alias goes back to what it stood for before; what it left does not come back by itself, and nothing older does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.config import Settings
from attune.domain.alias import Alias
from attune.domain.events.alias import AliasPromoted, AliasRolledBack
from attune.domain.events.message import Message
from attune.domain.names import run_number
from attune.domain.run import Run, RunState
from attune.errors import ConflictError
from attune.ports import Create, Replace
from attune.services.approve import Answer
from attune.services.manifests import of_aliases, of_runs
from attune.services.outbox import drain
from attune.services.promote import Promoting
from attune.services.rollback import RollingBack
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.post import MemoryPost
from thoroughness import tries

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECIPE = Settings(alias="d").recipe("d")


@dataclass(slots=True)
class Interrupted:
    """Documents where something happens between what was read and the next commit."""

    documents: MemoryDocuments
    meanwhile: list[Callable[[], object]]

    def __getattr__(self, name: str) -> Any:
        if name == "commit" and self.meanwhile:
            self.meanwhile.pop()()
        return getattr(self.documents, name)


@dataclass(slots=True)
class Scene:
    """Runs whose endpoints answer, and one alias that all of them are for."""

    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    post: MemoryPost = field(default_factory=MemoryPost)
    now: datetime = START
    gone: set[str] = field(default_factory=set)

    def serves(self, endpoint: str, _model: str) -> bool:
        return endpoint not in self.gone

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def tuned(self, number: int, dataset: str = "d", opened_at: datetime | None = None) -> None:
        """A run that is to be promoted: a person allows it, so that nothing is measured."""
        opened = opened_at or START + number * HOUR
        run = Run(
            dataset,
            number,
            RunState.EVALUATING,
            opened,
            opened,
            threshold=4,
            recipe=RECIPE,
            job=f"jobs/{dataset}{number}",
            model=f"models/{dataset}{number}",
            endpoint=f"endpoints/{dataset}{number}",
            promotion_allowed="a person approved it",
        )
        self.documents.commit(Create(of_runs.run(dataset, number), run))

    def decide(self, number: int, dataset: str = "d", meanwhile: list[Callable[[], object]] | None = None) -> RunState:
        """A tick looks at the run; it looks again where somebody was quicker."""
        for _ in range(3):
            documents: Any = Interrupted(self.documents, meanwhile or [])
            read = self.documents.get(of_runs.run(dataset, number))
            assert read is not None
            if read.value.state is not RunState.EVALUATING:
                break
            try:
                return Promoting(documents, self.post, self.clock, lambda _: None, lambda _: "gs://r")(read)
            except ConflictError:
                continue
        return self.run(number, dataset).state

    def promoted(self, *numbers: int) -> None:
        for number in numbers:
            self.tuned(number)
            assert self.decide(number) is RunState.PROMOTED

    def back(
        self,
        to: str | None = None,
        expected: str | None = None,
        reason: str = "it mishears",
        meanwhile: list[Callable[[], object]] | None = None,
    ) -> Answer:
        documents: Any = Interrupted(self.documents, meanwhile or [])
        return RollingBack(documents, self.clock, self.serves)("d", reason, to, expected)

    def run(self, number: int, dataset: str = "d") -> Run:
        found = self.documents.get(of_runs.run(dataset, number))
        assert found is not None
        return found.value

    def alias(self) -> Alias:
        found = self.documents.get(of_aliases.alias("d"))
        assert found is not None
        return found.value

    def current(self) -> str:
        return self.alias().current.run

    def states(self, *numbers: int) -> list[RunState]:
        return [self.run(number).state for number in numbers]

    def told(self, kind: type[AliasPromoted | AliasRolledBack]) -> list[Message]:
        drain(self.documents, self.post)
        return [message for message in self.post.sent if message.type == kind.TYPE]


def scene(*numbers: int) -> Scene:
    there = Scene()
    there.promoted(*numbers)
    return there


# --- one step back ----------------------------------------------------------------------------------------------


def test_an_alias_goes_back_to_what_it_stood_for_before() -> None:
    there = scene(1, 2)
    assert there.back() == Answer(
        stands=True, said="the alias d stands for run r000001 of d again, and no longer for run r000002 of d"
    )
    alias = there.alias()
    assert (alias.serial, alias.current.run, alias.current.endpoint) == (3, "r000001", "endpoints/d1")
    assert alias.previous
    assert alias.previous.run == "r000002"
    history = there.documents.get(of_aliases.alias_history("d", 3))
    assert history
    assert history.value == alias


def test_the_run_that_it_left_says_why_and_is_looked_at_no_more() -> None:
    there = scene(1, 2)
    there.back(reason="names of places are misheard")
    left = there.run(2)
    assert (left.state, left.reason, left.active) == (RunState.ROLLED_BACK, "names of places are misheard", False)
    assert there.run(1).state is RunState.PROMOTED


def test_that_it_went_back_is_told_once() -> None:
    there = scene(1, 2)
    there.back(reason="it mishears")
    assert [message.data for message in there.told(AliasRolledBack)] == [
        {
            "dataset": "d",
            "run": "r000001",
            "alias": "d",
            "serial": 3,
            "endpoint": "endpoints/d1",
            "model": "models/d1",
            "previous_endpoint": "endpoints/d2",
            "previous_run": "r000002",
            "reason": "it mishears",
        }
    ]
    assert there.told(AliasRolledBack)[0].subject == "aliases/d"


def test_each_call_goes_one_run_further_back() -> None:
    there = scene(1, 2, 3)
    there.back()
    there.back()
    assert there.current() == "r000001"
    assert there.states(1, 2, 3) == [RunState.PROMOTED, RunState.ROLLED_BACK, RunState.ROLLED_BACK]


def test_there_is_nothing_before_the_first() -> None:
    there = scene(1, 2)
    there.back()
    before = there.alias()
    assert there.back() == Answer(
        stands=False,
        said="the alias d stands for run r000001 of d, and for nothing before that it could go back to",
    )
    assert there.alias() == before


def test_an_alias_that_is_not_there_stays_so() -> None:
    assert Scene().back() == Answer(stands=False, said="there is no alias d")


def test_a_step_back_leaves_out_what_was_rolled_back_before() -> None:
    there = scene(1, 2)
    there.back()
    there.promoted(3)
    there.back()
    assert there.current() == "r000001"


def test_it_goes_back_further_than_one_page_of_moves() -> None:
    there = scene(1, 2)
    for _ in range(60):
        there.back(to="1")
        there.back(to="2")
    assert there.back().stands
    assert there.current() == "r000001"


# --- what may have it afterwards --------------------------------------------------------------------------------


def test_after_a_step_back_a_late_older_run_does_not_get_it() -> None:
    there = scene(1)
    there.tuned(2)
    there.promoted(3)
    there.back()
    assert there.decide(2) is RunState.REJECTED
    assert there.current() == "r000001"
    assert there.run(2).reason == "d was rolled back from r000003 of d, which is newer: only a later run moves it"


def test_after_a_step_back_a_newer_run_gets_it() -> None:
    there = scene(1, 2)
    there.back()
    there.promoted(3)
    alias = there.alias()
    assert (alias.current.run, alias.serial) == ("r000003", 4)
    assert alias.previous
    assert alias.previous.run == "r000001"


def test_what_an_older_version_wrote_knows_no_newest_run_and_is_kept_to_all_the_same() -> None:
    there = scene(1)
    there.tuned(2)
    there.promoted(3)
    read = there.documents.get(of_aliases.alias("d"))
    assert read is not None
    there.documents.commit(Replace(read, replace(read.value, newest=None)))
    there.back()
    assert there.decide(2) is RunState.REJECTED


# --- to a run of one's choice -----------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["r000001", "1", "r1", "d/1"])
def test_it_goes_to_any_run_it_ever_stood_for(to: str) -> None:
    there = scene(1, 2, 3)
    assert there.back(to=to).stands
    assert there.current() == "r000001"
    assert there.states(1, 2, 3) == [RunState.PROMOTED, RunState.PROMOTED, RunState.ROLLED_BACK]


def test_asking_for_the_same_run_twice_does_nothing() -> None:
    there = scene(1, 2)
    there.back(to="1")
    assert there.back(to="1") == Answer(stands=True, said="the alias d stands for run r000001 of d already")
    assert there.alias().serial == 3
    assert len(there.told(AliasRolledBack)) == 1


def test_a_person_may_take_a_roll_back_back() -> None:
    there = scene(1, 2)
    there.back()
    assert there.back(to="2").stands
    assert there.current() == "r000002"
    assert there.states(1, 2) == [RunState.PROMOTED, RunState.PROMOTED]
    assert there.back().stands
    assert there.current() == "r000001"


@pytest.mark.parametrize("to", ["9", "e/1", "first", "", "d/", "r000002"])
def test_it_goes_to_no_run_that_it_never_stood_for(to: str) -> None:
    there = scene(1, 3)
    assert there.back(to=to) == Answer(stands=False, said=f"the alias d never stood for {to}")
    assert there.current() == "r000003"


def test_of_two_datasets_runs_with_one_number_it_has_to_be_said_which() -> None:
    there = Scene()
    for dataset, number, hour in (("d", 1, 1), ("e", 1, 2), ("d", 2, 3)):
        there.tuned(number, dataset, START + hour * HOUR)
        assert there.decide(number, dataset) is RunState.PROMOTED
    assert there.back(to="1") == Answer(stands=False, said="the alias d stood for d/r000001 and e/r000001: say which")
    assert there.back(to="e/1").stands
    assert (there.alias().current.dataset, there.current()) == ("e", "r000001")


# --- while somebody else is at it -------------------------------------------------------------------------------


@pytest.mark.parametrize("expected", ["r000001", "1", "e/2", "nothing"])
def test_it_does_not_move_away_from_another_run_than_expected(expected: str) -> None:
    there = scene(1, 2)
    said = f"the alias d stands for run r000002 of d, and not for {expected}"
    assert there.back(expected=expected) == Answer(stands=False, said=said)
    assert there.current() == "r000002"


@pytest.mark.parametrize("expected", ["r000002", "d/r000002"])
def test_it_moves_away_from_the_run_that_was_expected(expected: str) -> None:
    there = scene(1, 2)
    assert there.back(expected=expected).stands


def test_a_run_promoted_at_the_same_moment_is_not_rolled_back_in_place_of_the_one_expected() -> None:
    there = scene(1, 2)
    answer = there.back(expected="r000002", meanwhile=[lambda: there.promoted(3)])
    assert answer.said == "the alias d stands for run r000003 of d, and not for r000002"
    assert there.current() == "r000003"


def test_of_two_guards_at_once_one_rolls_back() -> None:
    there = scene(1, 2, 3)
    answer = there.back(expected="r000003", meanwhile=[lambda: there.back(expected="r000003")])
    assert not answer.stands
    assert (there.current(), there.alias().serial) == ("r000002", 4)


def test_an_alias_that_keeps_being_moved_is_left_alone() -> None:
    there = scene(1, 2)
    answer = there.back(to="1", meanwhile=[partial(there.promoted, number) for number in range(12, 2, -1)])
    assert answer == Answer(stands=False, said="the alias d keeps being moved; ask again")


# --- whatever happens in whatever order -------------------------------------------------------------------------

RUNS = [(dataset, number) for number in range(1, 5) for dataset in ("d", "e")]
finishes = st.tuples(st.just("finish"), st.sampled_from(RUNS))
steps_back = st.tuples(st.just("back"), st.sampled_from([None, *RUNS]))
acts = st.one_of(finishes, finishes, steps_back)


@settings(max_examples=tries(150, 5_000), deadline=None)
@given(st.lists(st.tuples(acts, st.none() | acts), max_size=16))
def test_in_any_order_the_alias_stands_for_a_promoted_run_and_every_move_is_told_once(moves: list[Any]) -> None:
    there = Scene()
    for index, (dataset, number) in enumerate(RUNS):
        there.tuned(number, dataset, START + index * HOUR)
    for act, meanwhile in moves:
        _act(there, act, [partial(_act, there, meanwhile, [])] if meanwhile else [])
        _check(there)


def _act(there: Scene, act: Any, meanwhile: list[Callable[[], object]]) -> None:
    kind, what = act
    if kind == "finish":
        there.decide(what[1], what[0], meanwhile)
    else:
        there.back(to=f"{what[0]}/{what[1]}" if what else None, meanwhile=meanwhile)


def _check(there: Scene) -> None:
    found = there.documents.get(of_aliases.alias("d"))
    told = {
        int(str(each.data["serial"])): each for kind in (AliasPromoted, AliasRolledBack) for each in there.told(kind)
    }
    sent = [each for kind in (AliasPromoted, AliasRolledBack) for each in there.told(kind)]
    serial = found.value.serial if found else 0
    assert sorted(told) == list(range(1, serial + 1))
    assert len({each.id for each in sent}) == serial
    if found is None:
        return
    current = found.value.current
    assert there.run(current.number, current.dataset).state is RunState.PROMOTED
    _check_moves([told[each] for each in sorted(told)])
    for number in range(1, serial + 1):
        history = there.documents.get(of_aliases.alias_history("d", number))
        assert history is not None
        assert history.value.current.endpoint == told[number].data["endpoint"]


def _check_moves(moves: list[Message]) -> None:
    """By itself it moves on to what is newer than all it had; by a person only to what it had."""
    had: list[int] = []
    for move in moves:
        at = RUNS.index((str(move.data["dataset"]), run_number(str(move.data["run"])) or 0))
        if move.type == AliasPromoted.TYPE:
            assert at > max(had, default=-1)
        else:
            assert at in had
        had.append(at)


# --- endpoints that are gone ------------------------------------------------------------------------------------


def test_it_goes_back_past_a_run_whose_endpoint_is_gone() -> None:
    scene = Scene()
    scene.promoted(1, 2, 3)
    scene.gone.add("endpoints/d2")
    assert scene.back().stands
    assert current(scene) == "r000001"


def test_it_goes_to_no_named_run_whose_endpoint_is_gone_and_says_so() -> None:
    scene = Scene()
    scene.promoted(1, 2)
    scene.gone.add("endpoints/d1")
    answer = scene.back(to="1")
    assert not answer.stands
    assert "no longer deployed behind endpoints/d1" in answer.said
    assert not scene.back().stands
    assert current(scene) == "r000002"


def current(scene: Scene) -> str:
    found = scene.documents.get(of_aliases.alias("d"))
    assert found is not None
    return found.value.current.run
