"""The sweep: whatever events were lost, what lies there is taken in, what is gone is taken out, and it adds up."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune import bootstrap
from attune.domain.ledger import Ledger
from attune.domain.names import pair_id
from attune.domain.pair import PairState
from attune.domain.parked import Task
from attune.errors import UnavailableError
from attune.ports import Create, Key, RawDocument, Replace
from attune.services.manifests import of_leases, of_pairs, of_parked, of_sweeps
from attune.services.sweep.sweeping import PAGE
from attune.services.sweep.swept import Swept
from service.scenes import drop, sound, watch_until
from service.theatre import Killed, Stage
from thoroughness import tries

A_DAY = 86_400


def quiet(dataset: str = "d") -> Stage:
    """A stage whose runs do not open."""
    stage = Stage(dataset=dataset)
    stage.write_settings(threshold=10_000)
    return stage


def lay(stage: Stage, path: str) -> None:
    """Both halves, of which no event tells."""
    stage.upload(f"{path}.wav", sound(path))
    stage.upload(f"{path}.txt", f"it says {path}".encode())


def sweep(stage: Stage) -> Swept:
    """A whole pass, in as many calls as it takes."""
    stage.pass_time(A_DAY)
    whole = Swept()
    while not whole.finished:
        bootstrap.sweeping(stage.ports(), stage.deployment)(whole)
    return whole


def ledger(stage: Stage, dataset: str = "d") -> Ledger:
    found = stage.documents.get(of_sweeps.ledger(dataset))
    assert found is not None
    return found.value  # type: ignore[no-any-return]  # the stage's are Any


def adds_up(found: Ledger) -> bool:
    states = found.accepted + found.waiting + found.rejected + found.ignored + found.superseded
    return found.gap == 0 and states == found.listed


# --- what no event told of --------------------------------------------------------------------------------------


def test_a_bucket_that_was_full_before_is_taken_in() -> None:
    stage = quiet()
    for index in range(7):
        lay(stage, f"d/old/{index}")
    stage.upload("d/alone.txt", b"nobody said this")
    stage.upload("d/readme.md", b"about")
    stage.upload("d/broken.wav", b"no sound")
    stage.upload("d/broken.txt", b"it says nothing")
    assert sweep(stage).taken_in == 17
    found = ledger(stage)
    assert (found.listed, found.accepted, found.waiting, found.rejected, found.ignored) == (18, 14, 1, 2, 1)
    assert adds_up(found)
    assert [stage.pair(f"old/{index}").state for index in range(7)] == [PairState.ACCEPTED] * 7


def test_what_is_taken_in_counts_for_the_threshold() -> None:
    stage = Stage(threshold=3)
    for index in range(3):
        lay(stage, f"d/{index}")
    stage.watch()
    assert [run.id for run in stage.runs()] == ["r000001"]


def test_a_second_pass_finds_nothing_to_do_and_the_same_numbers() -> None:
    stage = quiet()
    for index in range(3):
        lay(stage, f"d/{index}")
    sweep(stage)
    first = ledger(stage)
    assert sweep(stage).taken_in == 0
    assert ledger(stage) == replace(first, pass_number=2, at=stage.now, taken_in=0)


def test_no_pass_begins_before_its_time() -> None:
    stage = quiet()
    sweep(stage)
    lay(stage, "d/new")
    stage.calls.clear()
    tick = bootstrap.watch(stage.ports(), stage.deployment)()
    bootstrap.sweeping(stage.ports(), stage.deployment)(tick.swept)
    assert "intake.page" not in stage.calls
    assert stage.pair("new") is None


def test_a_tick_begins_a_pass_when_it_is_time() -> None:
    stage = quiet()
    sweep(stage)
    assert bootstrap.watch(stage.ports(), stage.deployment)().swept == Swept()
    stage.pass_time(A_DAY)
    assert bootstrap.watch(stage.ports(), stage.deployment)().swept.finished


def test_each_dataset_has_its_own_ledger_and_what_lies_outside_is_counted_too() -> None:
    stage = quiet()
    for name in ("a/x", "b/x", "b-c/x", "b/z"):
        lay(stage, name)
    for name in ("top.txt", "b.txt", "/nameless/x.wav", "__reserved__/x.wav"):
        stage.upload(name, b"x")
    sweep(stage)
    assert {name: ledger(stage, name).accepted for name in ("a", "b", "b-c")} == {"a": 2, "b": 4, "b-c": 2}
    total = stage.documents.get(of_sweeps.sweep()).value.total
    assert (total.listed, total.ignored) == (12, 4)


def test_a_newer_half_of_another_ending_supersedes_the_older() -> None:
    stage = quiet()
    lay(stage, "d/x")
    stage.upload("d/x.flac", sound("again"))
    sweep(stage)
    found = ledger(stage)
    assert (found.listed, found.superseded) == (3, 1)
    assert adds_up(found)


def test_a_recording_that_was_let_go_but_not_handed_on_is_handed_on() -> None:
    stage = quiet()
    drop(stage, "first", sound("same"), b"it says one")
    drop(stage, "second", sound("same"), b"it says two")
    assert stage.pair("second").state is PairState.REJECTED
    arrival = stage.upload("d/first.wav", sound("other"))
    with pytest.raises(Killed):
        bootstrap.ingest(stage.ports(_dies_after_the_verdict()))(arrival)
    assert stage.pair("first").freed
    sweep(stage)
    assert stage.pair("second").state is PairState.ACCEPTED


def _dies_after_the_verdict() -> Any:
    commits = 0

    def gate(call: str) -> Any:
        nonlocal commits
        commits += call == "documents.commit"
        if call == "documents.count":
            raise Killed
        return lambda: None

    return gate


# --- what is gone -----------------------------------------------------------------------------------------------


def test_what_vanished_without_an_event_is_taken_out() -> None:
    stage = quiet()
    for path in ("a", "b", "c"):
        drop(stage, path, text=f"it says {path}".encode())
    stage.intake.delete("d/a.wav")
    stage.intake.delete("d/b.wav")
    stage.intake.delete("d/b.txt")
    swept = sweep(stage)
    assert swept.vanished == 3
    assert [stage.pair(path).state for path in ("a", "b", "c")] == ["waiting", "erased", "accepted"]
    found = ledger(stage)
    assert (found.listed, found.vanished, found.erased) == (3, 3, 3)


def test_a_dataset_of_which_nothing_is_left_is_closed_too() -> None:
    stage = quiet()
    drop(stage, "a")
    stage.intake.delete("d/a.wav")
    stage.intake.delete("d/a.txt")
    sweep(stage)
    assert stage.pair("a").state is PairState.ERASED
    assert (ledger(stage).listed, ledger(stage).erased) == (0, 2)


def test_pairs_are_looked_at_one_by_one_only_where_halves_are_missing() -> None:
    stage = quiet()
    for path in ("a", "b", "c"):
        drop(stage, path, text=f"it says {path}".encode())
    sweep(stage)
    stage.calls.clear()
    sweep(stage)
    assert stage.calls.count("intake.look") == 0
    assert stage.calls.count("intake.page") <= 3


# --- bounds -----------------------------------------------------------------------------------------------------


def test_a_call_ends_when_its_time_is_up_and_the_next_goes_on_behind_the_last_object() -> None:
    stage = quiet()
    for index in range(2 * PAGE):
        stage.upload(f"d/{index:05}.md", b"")
    stage.seconds_a_look = 25
    counts = []
    swept = Swept()
    while not swept.finished:
        bootstrap.sweeping(stage.ports(), stage.deployment)(swept)
        counts.append(stage.documents.get(of_sweeps.sweep()).value.counted.listed)
    assert max(counts) == 2 * PAGE
    assert len(counts) > 2
    assert ledger(stage).ignored == 2 * PAGE


def test_what_one_object_costs_does_not_depend_on_how_many_there_are() -> None:
    """A page is one listing, one read of its pairs, and one commit, which is true of any number of pages."""
    calls = []
    for pages in (1, 4):
        stage = quiet()
        for index in range(pages * PAGE):
            stage.upload(f"d/{index:05}.md", b"")
        stage.calls.clear()
        sweep(stage)
        calls.append(Counter(stage.calls))
    more = calls[1] - calls[0]
    assert more["intake.page"] == 3
    assert more["documents.commit"] == 3
    assert sum(more.values()) <= 3 * 5


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_an_object_that_cannot_be_taken_in_now_is_a_gap_and_the_next_pass_takes_it_in() -> None:
    stage = quiet()
    lay(stage, "d/a")
    down = True

    def gate(call: str) -> Any:
        if call == "objects.put" and down:
            raise UnavailableError("the bucket does not answer")
        return lambda: None

    swept = Swept()
    while not swept.finished:
        bootstrap.sweeping(stage.ports(gate), stage.deployment)(swept)
    assert [trouble for trouble in swept.put_off if "does not answer" in trouble]
    assert ledger(stage).gap == 1
    down = False
    sweep(stage)
    assert adds_up(ledger(stage))
    assert stage.pair("a").state is PairState.ACCEPTED


def test_a_half_that_cannot_be_looked_for_now_is_a_gap_too() -> None:
    stage = quiet()
    drop(stage, "a")
    stage.intake.delete("d/a.wav")

    def gate(call: str) -> Any:
        if call == "intake.look":
            raise UnavailableError("the bucket does not answer")
        return lambda: None

    swept = Swept()
    while not swept.finished:
        bootstrap.sweeping(stage.ports(gate), stage.deployment)(swept)
    assert (ledger(stage).gap, ledger(stage).vanished) == (2, 0)
    sweep(stage)
    assert (ledger(stage).gap, ledger(stage).vanished) == (0, 1)


def test_a_pair_that_cannot_be_read_is_a_gap_and_keeps_nobody_else_waiting() -> None:
    stage = quiet()
    for name in ("d/a", "e/b"):
        lay(stage, name)
    damaged = Key(RawDocument, of_pairs.pair("d", pair_id("d", "a")).path)
    stage.documents.commit(Create(damaged, RawDocument({"dataset": 3, "halves": 2})))
    swept = sweep(stage)
    assert len(swept.put_off) == 2
    assert (ledger(stage).listed, ledger(stage).gap) == (2, 3)
    assert (ledger(stage, "e").accepted, ledger(stage, "e").gap) == (2, 0)


def test_what_is_parked_counts_as_rejected_and_is_not_tried_again() -> None:
    stage = quiet()
    lay(stage, "d/a")

    def gate(call: str) -> Any:
        if call == "objects.put":
            raise ValueError("what was said")
        return lambda: None

    swept = Swept()
    while not swept.finished:
        bootstrap.sweeping(stage.ports(gate), stage.deployment)(swept)
    (parked,) = [found.value for found in stage.documents.find(of_parked.parked_events())]
    assert (parked.task, parked.subject) == (Task.INGEST, "d/a.wav")
    assert "what was said" not in parked.reason
    sweep(stage)
    found = ledger(stage)
    assert (found.rejected, found.parked, found.waiting, found.gap) == (1, 1, 1, 0)
    bootstrap.retry(stage.ports())(["d/a.wav"])
    stage.watch()
    assert stage.pair("a").state is PairState.ACCEPTED


def test_two_sweepers_at_once_count_each_object_once() -> None:
    stage = quiet()
    for index in range(5):
        lay(stage, f"d/{index}")
    second = bootstrap.sweeping(stage.ports(), stage.deployment)

    def gate(call: str) -> Any:
        if call == "intake.page":
            second(Swept())
        return lambda: None

    swept = Swept()
    first = bootstrap.sweeping(stage.ports(gate), stage.deployment)
    while not swept.finished:
        first(swept)
    assert ledger(stage).listed == 10


@pytest.mark.parametrize("call", ["intake.page", "documents.commit", "objects.put", "intake.look", "documents.get_all"])
@pytest.mark.parametrize("nth", [1, 2, 5])
def test_a_sweeper_that_dies_anywhere_is_followed_by_one_that_goes_on(call: str, nth: int) -> None:
    stage = quiet()
    drop(stage, "gone")
    stage.intake.delete("d/gone.wav")
    for index in range(3):
        lay(stage, f"d/{index}")
    seen = 0

    def gate(name: str) -> Any:
        nonlocal seen
        seen += name == call
        if seen >= nth:
            raise Killed
        return lambda: None

    try:
        watch_until(stage, gate)
    except pytest.fail.Exception:
        assert seen < nth
    stage.pass_time(3600)
    sweep(stage)
    sweep(stage)
    found = ledger(stage)
    assert adds_up(found)
    assert (found.accepted, found.waiting, found.erased) == (6, 1, 1)


# --- any history ------------------------------------------------------------------------------------------------


@settings(max_examples=tries(30, 1_000), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.floats(0, 1))
def test_whatever_is_done_to_the_bucket_and_whatever_events_are_lost_two_passes_later_it_adds_up(
    seed: int, steps: int, lost: float
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    stage = quiet()
    for _ in range(steps):
        path = f"d/{dice.randrange(4)}"
        name = path + dice.choice([".wav", ".txt", ".flac", ".md"])
        if dice.random() < 0.25:
            before = stage.intake.live.get(name)
            stage.intake.delete(name)
            if before and dice.random() >= lost:
                bootstrap.erase(stage.ports())(_departure(name, before.generation))
            continue
        arrival = stage.upload(name, _content(name, dice))
        if dice.random() >= lost:
            stage.ingest(arrival)
        if dice.random() < 0.1:
            sweep(stage)
    sweep(stage)
    sweep(stage)
    if stage.pairs() or stage.intake.live:
        assert adds_up(ledger(stage))
        assert ledger(stage).listed == len(stage.intake.live)
    check_pairs(stage)


def _content(name: str, dice: random.Random) -> bytes:
    if name.endswith(".txt"):
        return f"it says {name} {dice.randrange(1000)}".encode()
    return sound(f"{name}{dice.randrange(1000)}")


def _departure(name: str, generation: int) -> Any:
    from attune.domain.arrival import Departure  # noqa: PLC0415 - named here alone

    return Departure(name, generation)


def check_pairs(stage: Stage) -> None:
    """Each pair has the newest live half of each kind, and no other."""
    for pair in stage.pairs():
        endings = {"audio": (".wav", ".flac"), "transcript": (".txt",)}
        for kind, known in endings.items():
            live = [stage.intake.live.get(f"d/{pair.path}{ending}") for ending in known]
            newest = max((found.generation for found in live if found), default=None)
            half = getattr(pair, kind)
            assert (half.generation if half else None) == newest, (pair.path, kind)
        complete = pair.audio and pair.transcript
        states = {PairState.ACCEPTED, PairState.REJECTED} if complete else {PairState.WAITING, PairState.ERASED}
        assert pair.state in states


def test_a_lease_that_ran_out_under_a_sweeper_lets_it_write_nothing_more() -> None:
    stage = quiet()
    for index in range(3):
        lay(stage, f"d/{index}")

    def gate(call: str) -> Any:
        if call == "intake.page":
            stage.pass_time(3600)
            key = of_leases.sweep_lease()
            read = stage.documents.get(key)
            stage.documents.commit(Replace(read, replace(read.value, owner="another")))
        return lambda: None

    bootstrap.sweeping(stage.ports(gate), stage.deployment)(Swept())
    assert stage.documents.get(of_sweeps.sweep()) is None
