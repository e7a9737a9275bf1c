"""A dataset's report, kept up to date: what a plain loop over all pairs would write, at a cost that does not grow."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.domain.finding import Severity
from attune.domain.pair import Pair
from attune.domain.profile import Profile, profile_of, total
from attune.domain.quality.customs import Customs
from attune.domain.shard import Shard
from attune.errors import DamagedError, PassingError
from attune.ports import Create, Replace
from attune.services.lease import leased
from attune.services.manifests import of_datasets, of_leases, of_pairs, of_reports, of_shards
from attune.services.report.entries import entry
from attune.services.report.places import lines_name, page_name, report_store, tree_name
from attune.services.report.publish import Publishing
from attune.services.report.refresh import Refresh, Refreshed
from attune.services.report.walk import PAGE
from attune.services.shards import Sharding
from attune_local.twins.documents import MemoryDocuments
from reported import judged, rejudged
from service.scenes import drop, fill
from service.theatre import Director, Killed, Stage, one_by_one
from thoroughness import tries

Gate = Callable[[str], Callable[[], None]]
LEASE = timedelta(seconds=120)
SETTLED = 240  # seconds after which nothing is looked at again


@dataclass(slots=True)
class Desk:
    """A stage whose pairs are made up, and the report on them alone, without the rest of a tick."""

    seed: int = 1
    page: int = PAGE
    stage: Stage = field(default_factory=Stage)
    dice: random.Random = field(init=False)
    made: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a schedule, not a secret
        self.stage.without_sweeps()

    def add(self, count: int) -> list[Pair]:
        """So many new pairs."""
        paths = [f"calls/{number}" for number in range(self.made, self.made + count)]
        pairs = [judged(path, self.stage.now, self.dice) for path in paths]
        self.made += count
        for pair in pairs:
            self.stage.documents.commit(Create(of_pairs.pair("d", pair.id), pair))
        return pairs

    def change(self, count: int) -> None:
        """New verdicts on some of the pairs there are."""
        for pair in self.dice.sample(self.stage.pairs(), min(count, self.made)):
            self.write(rejudged(pair, self.stage.now, self.dice))

    def write(self, pair: Pair) -> None:
        read = self.stage.documents.get(of_pairs.pair("d", pair.id))
        self.stage.documents.commit(Replace(read, pair))

    def refresh(self, gate: Gate | None = None, seconds: float = 60) -> Refreshed | None:
        return self.service(gate)("d", self.stage.now + timedelta(seconds=seconds))

    def service(self, gate: Gate | None = None) -> Refresh:
        ports = self.stage.ports(gate)
        documents, objects, clock = ports.documents(), ports.objects(), ports.clock
        sharding = Sharding(documents, objects, ports.checksum(), one_by_one, report_store)
        publishing = Publishing(documents, objects, clock)
        return Refresh(documents, sharding, lambda: publishing, clock, LEASE, ports.new_owner, self.page)

    def settle(self) -> None:
        """Time passes until nothing is left to do."""
        for _ in range(200):
            self.stage.pass_time(SETTLED)
            if self.refresh() is None:
                return
        raise AssertionError("there is always something to do")

    # --- what is there

    @property
    def lines(self) -> bytes:
        return self.stage.bucket.live[lines_name("d")].data

    @property
    def page_text(self) -> str:
        return self.stage.bucket.live[page_name("d")].data.decode()

    @property
    def progress(self) -> of_reports.Progress:
        return self.stage.documents.get(of_reports.progress("d")).value  # type: ignore[no-any-return]  # the stage's are Any

    def node(self, prefix: str = "") -> Shard:
        key = of_shards.shard("d", tree_name(self.progress.tree), prefix)
        return self.stage.documents.get(key).value  # type: ignore[no-any-return]  # as above

    def parts(self) -> set[str]:
        return {name for name in self.stage.bucket.live if "/parts/" in name}


def naive_lines(pairs: Iterable[Pair]) -> bytes:
    return "".join(entry(pair).line for pair in sorted(pairs, key=lambda pair: pair.id)).encode()


def check(desk: Desk) -> None:
    """The report is that of a loop over all pairs."""
    pairs = desk.stage.pairs()
    assert desk.lines == naive_lines(pairs)
    assert (desk.node().span.profile or Profile()) == total(profile_of(pair) for pair in pairs)
    assert desk.node().span.count == len(pairs)
    assert not desk.progress.reached


def parts_in_use(desk: Desk, prefix: str = "") -> set[str]:
    node = desk.node(prefix)
    own = {node.span.lines.name} if node.span.lines else set()
    return own.union(*(parts_in_use(desk, prefix + at) for at in node.children or ()))


# --- what it says -----------------------------------------------------------------------------------------------


def test_a_tick_writes_what_became_of_every_pair() -> None:
    stage = Stage(threshold=100)
    fill(stage, 3)
    drop(stage, "broken", audio=b"noise")
    stage.ingest(stage.upload("d/alone.txt", b"nobody said this"))
    tick = stage.watch()
    assert tick.reports == [Refreshed("d", 5, 5, behind=False)]
    lines = [orjson.loads(line) for line in stage.bucket.live["reports/d/report.jsonl"].data.splitlines()]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert {line["path"]: line["state"] for line in lines} == {
        "clip0": "accepted",
        "clip1": "accepted",
        "clip2": "accepted",
        "broken": "rejected",
        "alone": "waiting",
    }
    page = stage.bucket.live["reports/d/report.html"]
    assert page.content_type == "text/html; charset=utf-8"
    assert stage.bucket.live["reports/d/report.jsonl"].content_type == "application/jsonl"
    assert "3 accepted, 1 rejected" in page.data.decode().replace("1 waiting, ", "")


def test_a_pair_that_is_no_longer_in_changes_its_line() -> None:
    stage = Stage(threshold=100)
    fill(stage, 2)
    stage.watch()
    stage.pass_time(60)
    stage.ingest(stage.upload("d/clip1.txt", b""))
    stage.pass_time(60)
    stage.watch()
    lines = [orjson.loads(line) for line in stage.bucket.live["reports/d/report.jsonl"].data.splitlines()]
    (refused,) = [line for line in lines if line["path"] == "clip1"]
    assert (refused["state"], refused["split"], refused["reasons"][0]["code"]) == ("rejected", None, "transcript_empty")
    assert len(lines) == 2


def test_a_dataset_without_pairs_has_no_report() -> None:
    stage = Stage()
    assert stage.watch().reports == []
    assert not stage.bucket.live


def test_nothing_that_is_said_stands_in_a_report() -> None:
    stage = Stage(threshold=100)
    drop(stage, "a", text=b"the quick brown fox <b>jumps</b>")
    drop(stage, "b", text="the quick brown \ufefffox".encode())
    stage.watch()
    for name in ("reports/d/report.jsonl", "reports/d/report.html"):
        assert b"quick" not in stage.bucket.live[name].data


# --- any history ------------------------------------------------------------------------------------------------


def a_step(desk: Desk) -> None:
    """Pairs come and change, and time passes."""
    desk.add(desk.dice.choice([0, 1, 5, 40]))
    desk.change(desk.dice.choice([0, 1, 10]))
    desk.stage.pass_time(desk.dice.choice([0, 1, 59, 61, 200, 400]))


def dies_at_call(number: int, *, after: bool) -> Gate:
    """A process that dies before (or right after) its call of that number."""
    made: list[str] = []

    def gate(name: str) -> Callable[[], None]:
        made.append(name)
        if len(made) > number or (len(made) == number and not after):
            raise Killed
        return _die if len(made) == number else _live

    return gate


def _die() -> None:
    raise Killed


def _live() -> None:
    return None


@pytest.mark.timeout(1_200)
@settings(max_examples=tries(5, 200), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([1, 7, 500]))
def test_any_history_gives_the_report_of_a_loop_over_all_pairs(seed: int, steps: int, page: int) -> None:
    desk = Desk(seed, page)
    desk.add(1)
    for _ in range(steps):
        a_step(desk)
        desk.refresh()
    desk.settle()
    check(desk)
    assert desk.parts() == parts_in_use(desk)


@pytest.mark.timeout(1_200)
@settings(max_examples=tries(6, 250), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from([3, 500]))
def test_a_watcher_that_dies_anywhere_leaves_the_rest_to_the_next(seed: int, steps: int, page: int) -> None:
    desk = Desk(seed, page)
    desk.add(1)
    for _ in range(steps):
        a_step(desk)
        try:
            desk.refresh(dies_at_call(desk.dice.randint(1, 40), after=desk.dice.random() < 0.5))
        except Killed:
            desk.stage.pass_time(desk.dice.choice([1, 130]))
    desk.settle()
    check(desk)
    assert desk.parts() >= parts_in_use(desk)


@pytest.mark.timeout(1_200)
@settings(max_examples=tries(6, 250), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 45), st.sampled_from([3, 500]))
def test_a_watcher_that_is_overtaken_anywhere_does_no_harm(seed: int, at: int, page: int) -> None:
    desk = Desk(seed, page)
    desk.add(40)
    desk.refresh()
    desk.change(10)
    calls: list[str] = []

    def overtaken(name: str) -> Callable[[], None]:
        calls.append(name)
        if len(calls) == at:
            desk.stage.pass_time(LEASE.total_seconds() + 1)
            a_step(desk)
            desk.refresh()
        return _live

    try:
        desk.refresh(overtaken)
    except (PassingError, DamagedError):
        desk.stage.pass_time(1)
    desk.settle()
    check(desk)


@pytest.mark.parametrize("seed", range(6))
def test_two_watchers_at_once_do_no_harm(seed: int) -> None:
    desk = Desk(seed)
    desk.stage.write_settings(threshold=10_000)
    desk.add(60)
    director = Director(desk.stage, desk.dice, crash_rate=0.02, at_once=3, duplicate_rate=0)
    for _ in range(2):
        director.pending += [("watch", None)] * 3
        director.play()
        desk.change(20)
        desk.add(20)
    desk.settle()
    check(desk)


def test_a_watcher_that_waits_for_another_leaves_it_the_work() -> None:
    desk = Desk()
    desk.add(3)
    with leased("d", "other", LEASE, desk.stage.documents, desk.stage.clock, of_leases.report_lease("d")):
        assert desk.refresh() is None
    assert desk.refresh() == Refreshed("d", 3, 3, behind=False)


def test_who_cuts_a_dataset_does_not_wait_for_its_report() -> None:
    desk = Desk()
    desk.add(3)
    with leased("d", "launcher", LEASE, desk.stage.documents, desk.stage.clock):
        assert desk.refresh() == Refreshed("d", 3, 3, behind=False)


# --- what is found ----------------------------------------------------------------------------------------------


def test_a_commit_that_lands_after_its_minute_was_reported_is_found() -> None:
    desk = Desk()
    desk.add(5)
    early = desk.stage.now
    desk.stage.pass_time(90)
    desk.add(5)
    desk.refresh()
    late = judged("late", early, desk.dice)
    desk.stage.documents.commit(Create(of_pairs.pair("d", late.id), late))
    desk.refresh()
    check(desk)


def test_a_pair_whose_clock_goes_before_is_found_and_its_next_verdict_too() -> None:
    desk = Desk()
    ahead = judged("ahead", desk.stage.now + timedelta(minutes=2), desk.dice)
    desk.stage.documents.commit(Create(of_pairs.pair("d", ahead.id), ahead))
    desk.refresh()
    check(desk)
    desk.write(rejudged(ahead, desk.stage.now, desk.dice))
    desk.refresh()
    check(desk)


def test_what_a_cut_writes_is_no_change() -> None:
    desk = Desk()
    desk.add(20)
    desk.settle()
    for pair in desk.stage.pairs():
        desk.write(pair.taken_into("r000001", desk.stage.now))
    assert desk.refresh() is None
    check(desk)


def test_a_bulk_of_one_minute_goes_on_under_any_budget() -> None:
    desk = Desk(page=20)
    desk.add(300)
    grown = []
    for _ in range(20):
        refreshed = desk.refresh(seconds=0)
        grown.append(refreshed.pairs if refreshed else 0)
        desk.stage.pass_time(60)
    assert grown[:15] == [20 * tick for tick in range(1, 16)]
    desk.settle()
    check(desk)


def test_who_keeps_coming_while_a_bulk_is_taken_in_is_not_forgotten() -> None:
    desk = Desk(page=20)
    desk.add(200)
    for _ in range(tries(10, 25)):
        desk.add(5)
        desk.change(5)
        desk.refresh(seconds=0)
        desk.stage.pass_time(60)
    desk.settle()
    check(desk)


def test_a_report_that_is_behind_says_so_until_it_is_not() -> None:
    desk = Desk(page=20)
    desk.add(40)
    desk.refresh(seconds=0)
    assert "More pairs have changed than are in here yet." in desk.page_text
    desk.refresh(seconds=0)
    desk.refresh(seconds=0)
    assert "More pairs have changed" not in desk.page_text
    check(desk)


def test_a_line_can_be_taken_out() -> None:
    desk = Desk()
    gone, *left = desk.add(100)
    desk.refresh()
    service = desk.service()
    with leased("d", "me", LEASE, desk.stage.documents, desk.stage.clock, of_leases.report_lease("d")) as hold:
        span = service.sharding.put_in("d", tree_name(1), {gone.id: None}, hold)
        assert span.lines
        service.publishing().lines("d", span.lines)
        service.publishing().page(of_datasets.DatasetState("d"), span.profile or Profile(), behind=False)
    assert desk.lines == naive_lines(left)
    assert span.profile == total(profile_of(pair) for pair in left)


# --- what it costs ----------------------------------------------------------------------------------------------


def cost(before: int, more: int) -> Counter[str]:
    """The calls of a refresh with so many more pairs."""
    desk = Desk()
    desk.add(before)
    desk.settle()
    desk.add(more)
    desk.stage.calls.clear()
    desk.refresh()
    calls = Counter(desk.stage.calls)
    check(desk)
    return calls


@pytest.mark.parametrize("more", [1, 5])
def test_more_pairs_cost_the_same_whether_ten_or_a_thousand_came_before_but_for_the_trees_depth(more: int) -> None:
    few, many = cost(10, more), cost(1000, more)
    flat = ("documents.commit", "documents.find", "documents.get", "objects.replace", "objects.recompose")
    assert {call: few[call] for call in flat} == {call: many[call] for call in flat}
    assert many["documents.get_all"] - few["documents.get_all"] <= 2
    assert many["objects.put"] <= 2 * more
    assert many["objects.compose"] <= 1 + more
    assert many["objects.delete"] <= 1 + 2 * more
    assert not {"objects.read", "documents.count", "intake.read"} & set(many)


def test_a_pair_costs_at_most_so_many_calls_in_a_deep_tree() -> None:
    assert cost(1500, 1).total() <= 26


def test_a_tick_where_nothing_has_changed_is_two_calls_and_writes_nothing() -> None:
    desk = Desk()
    desk.add(50)
    desk.settle()
    desk.stage.calls.clear()
    assert desk.refresh() is None
    assert desk.stage.calls == ["documents.get_all", "documents.find"]


def test_what_was_seen_before_is_not_written_again() -> None:
    desk = Desk()
    desk.add(50)
    desk.refresh()
    before = dict(desk.stage.bucket.live)
    desk.stage.pass_time(60)
    assert desk.refresh() == Refreshed("d", 50, 50, behind=False)
    assert desk.stage.bucket.live == before


def test_a_large_report_is_written_less_often() -> None:
    desk = Desk()
    desk.add(10)
    desk.refresh()
    read = desk.stage.documents.get(of_reports.progress("d"))
    desk.stage.documents.commit(Replace(read, replace(read.value, pairs=10_000)))
    desk.add(1)
    desk.stage.pass_time(119)
    assert desk.refresh() is None
    desk.stage.pass_time(1)
    assert desk.refresh() == Refreshed("d", 11, 11, behind=False)


# --- damage and new shapes --------------------------------------------------------------------------------------


def test_a_report_with_a_missing_part_is_put_together_anew() -> None:
    desk = Desk(page=30)
    desk.add(100)
    desk.refresh()
    for name in desk.parts():
        desk.stage.bucket.delete(name)
    desk.change(3)
    with pytest.raises(DamagedError, match="the report of d is put together anew"):
        desk.refresh()
    desk.refresh()
    desk.settle()
    check(desk)
    assert desk.progress.tree == 2


def test_a_report_with_a_damaged_part_is_put_together_anew_elsewhere() -> None:
    desk = Desk()
    desk.add(100)
    desk.refresh()
    for name in desk.parts():
        desk.stage.bucket.upload(name, b"{}\n")
    desk.change(3)
    with pytest.raises(DamagedError, match="put together anew"):
        desk.refresh()
    desk.settle()
    check(desk)


def test_a_damaged_report_does_not_keep_the_rest_of_a_tick_waiting() -> None:
    stage = Stage(threshold=100)
    fill(stage, 40)
    stage.watch()
    for name in [name for name in stage.bucket.live if "/parts/" in name]:
        stage.bucket.delete(name)
    stage.pass_time(60)
    drop(stage, "more")
    tick = stage.watch()
    assert [trouble.partition(":")[0] for trouble in tick.put_off] == ["report of d"]
    assert stage.watch().reports == [Refreshed("d", 41, 41, behind=False)]


def test_a_report_of_another_shape_is_put_together_anew() -> None:
    desk = Desk(page=30)
    desk.add(100)
    desk.settle()
    read = desk.stage.documents.get(of_reports.progress("d"))
    desk.stage.documents.commit(Replace(read, replace(read.value, shape=0)))
    assert desk.refresh() == Refreshed("d", 100, 100, behind=False)
    check(desk)
    assert desk.progress.tree == 2
    desk.settle()
    check(desk)


# --- the settings, and how transcripts are written --------------------------------------------------------------


def test_a_bad_edit_shows_without_a_pair_and_goes_when_it_is_mended() -> None:
    stage = Stage(threshold=100)
    fill(stage, 2)
    for _ in range(5):
        stage.pass_time(60)
        stage.watch()
    stage.write_settings(threshold="many <pairs>")
    stage.pass_time(60)
    assert [report.looked_at for report in stage.watch().reports] == [0]
    page = stage.bucket.live["reports/d/report.html"].data.decode()
    assert "The last edit of the settings cannot be used, since 2026-01-01 00:06 UTC" in page
    assert "threshold: Input should be a valid integer" in page
    stage.write_settings(threshold=100)
    stage.pass_time(60)
    stage.watch()
    assert "cannot be used" not in stage.bucket.live["reports/d/report.html"].data.decode()


def remarks(pair: Pair) -> list[tuple[str, Severity]]:
    return [(remark.code, remark.severity) for remark in pair.remarks]


def test_how_transcripts_are_written_is_known_to_the_next_event() -> None:
    stage = Stage(threshold=1000)
    for index in range(25):
        drop(stage, f"clip{index}", text=f"It says so, clip {index}.".encode())
    assert ("transcript_casing", Severity.LOOK) not in remarks(drop(stage, "early", text=b"SHOUTED, IT IS SO.").pair)
    stage.watch()
    assert ("transcript_casing", Severity.LOOK) in remarks(drop(stage, "late", text=b"SHOUTED, AND LATER.").pair)
    state = stage.documents.get(of_datasets.state("d")).value
    assert state.customs == Customs({"sentence": 25, "upper": 1}, {"with": 26})
    assert state.reported_minute > 0


def test_an_event_reads_how_transcripts_are_written_at_no_cost() -> None:
    stage = Stage(threshold=1000)
    stage.calls.clear()
    drop(stage, "first")
    before = Counter(stage.calls)
    fill(stage, 30)
    stage.watch()
    stage.calls.clear()
    drop(stage, "one more", text=b"it says something else")
    assert Counter(stage.calls) <= before


def test_few_transcripts_teach_nothing_and_a_few_more_nothing_new() -> None:
    stage = Stage(threshold=1000)
    fill(stage, 19)
    stage.watch()
    assert stage.documents.get(of_datasets.state("d")).value.customs == Customs()
    fill(stage, 21, "more")
    stage.pass_time(60)
    stage.watch()
    taught = stage.documents.get(of_datasets.state("d")).value.customs
    assert taught == Customs({"lower": 40}, {"without": 40})
    drop(stage, "yet another", text=b"it says yet another thing")
    stage.pass_time(60)
    stage.watch()
    assert stage.documents.get(of_datasets.state("d")).value.customs == taught


@dataclass(slots=True)
class Edited(MemoryDocuments):
    """Documents in which somebody writes the dataset's state at the very moment others do, so many times."""

    times: int = 0

    def commit(self, *writes: Any) -> list[object]:
        if self.times and any(write.key == of_datasets.state("d") and write.value.customs.casing for write in writes):
            self.times -= 1
            read = self.get(of_datasets.state("d"))
            assert read is not None
            MemoryDocuments.commit(self, Replace(read, replace(read.value, census_hour=read.value.census_hour + 1)))
        return MemoryDocuments.commit(self, *writes)


@pytest.mark.parametrize(("times", "put_off"), [(1, []), (2, []), (3, ["report of d"])])
def test_who_loses_against_an_edit_of_the_settings_tries_again_now_or_at_the_next_tick(
    times: int, put_off: list[str]
) -> None:
    documents = Edited()
    stage = Stage(threshold=1000, documents=documents)
    fill(stage, 30)
    documents.times = times
    assert [trouble.partition(":")[0] for trouble in stage.watch().put_off] == put_off
    stage.pass_time(60)
    stage.watch()
    state = stage.documents.get(of_datasets.state("d")).value
    assert (state.customs.casing, state.census_hour >= times) == ({"lower": 30}, True)


# --- ticks ------------------------------------------------------------------------------------------------------


def test_a_tick_that_runs_out_of_time_leaves_the_other_datasets_to_the_next_which_begins_elsewhere() -> None:
    stage = Stage(threshold=1000)
    stages = [stage, *(other_dataset(stage, name) for name in ("e", "f"))]
    for each in stages:
        fill(each, 2)
    stage.seconds_a_look = 12
    reported = [{report.dataset for report in stage.watch().reports} for _ in range(4)]
    assert all(len(names) < 3 for names in reported)
    assert set().union(*reported) == {"d", "e", "f"}


def other_dataset(stage: Stage, name: str) -> Stage:
    other = Stage(dataset=name, documents=stage.documents, intake=stage.intake, bucket=stage.bucket, post=stage.post)
    other.write_settings(threshold=1000)
    return other
