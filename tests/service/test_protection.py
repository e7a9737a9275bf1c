"""What is lost, or done twice, where somebody comes between two calls or dies there: nothing."""

from collections.abc import Callable

from attune import bootstrap
from attune.domain.arrival import Arrival
from attune.domain.pair import PairState
from attune.domain.run import RunState
from service.scenes import Gate, dies_at, drop, fill, only_run, running, sound, told
from service.theatre import Killed, Stage

MOST_COMMITS = 40
SAID = b"it says so"


def between(call: str, act: Callable[[], object], nth: int = 1) -> Gate:
    """Acts once, right after the nth call of that name."""
    seen: list[str] = []

    def gate(name: str) -> Callable[[], None]:
        seen.append(name)
        return act_now if name == call and seen.count(call) == nth else lambda: None

    def act_now() -> None:
        act()

    return gate


def dies_after_each_commit(act: Callable[[Stage, Gate], object], stages: Callable[[], Stage]) -> list[Stage]:
    """A stage for each commit of what is done, on which it died right after that commit; and one where it did not."""
    played = []
    for nth in range(1, MOST_COMMITS):
        played.append(stages())
        try:
            act(played[-1], dies_at("documents.commit", nth, after=True))
        except Killed:
            continue
        return played
    raise AssertionError("it never came to its end")


def test_a_pair_that_changes_while_it_is_judged_is_judged_again_as_it_is_by_then() -> None:
    stage = Stage()
    stage.ingest(stage.upload("d/a.wav", sound("old")))
    text = stage.upload("d/a.txt", b"it says so")
    newer: list[Arrival] = []

    def overwrite() -> None:
        newer.append(stage.upload("d/a.wav", sound("new")))
        stage.ingest(newer[0])

    bootstrap.ingest(stage.ports(between("objects.put", overwrite)))(text)
    pair = stage.pair("a")
    assert pair.audio.generation == newer[0].generation
    assert pair.state is PairState.ACCEPTED
    assert pair.transcript.generation == text.generation
    assert pair.row.audio_sha256 in pair.recordings


def test_a_pair_that_another_event_completes_meanwhile_keeps_both_halves() -> None:
    stage = Stage()
    stage.ingest(stage.upload("d/a.wav", sound("old")))
    again = stage.upload("d/a.wav", sound("new"))
    text = stage.upload("d/a.txt", b"it says so")
    bootstrap.ingest(stage.ports(between("documents.get", lambda: stage.ingest(text))))(again)
    pair = stage.pair("a")
    assert (pair.audio.generation, pair.transcript.generation) == (again.generation, text.generation)
    assert pair.state is PairState.ACCEPTED


def test_a_run_whose_opener_died_at_any_moment_is_announced_all_the_same() -> None:
    def stages() -> Stage:
        stage = Stage(threshold=1)
        stage.ingest(stage.upload("d/a.wav", sound("a")))
        return stage

    def complete(stage: Stage, gate: Gate) -> None:
        bootstrap.ingest(stage.ports(gate))(stage.upload("d/a.txt", SAID))

    played = dies_after_each_commit(complete, stages)
    assert len(played) > 2
    for stage in played:
        stage.ingest(Arrival("d/a.txt", stage.intake.live["d/a.txt"].generation, len(SAID)))  # its event comes again
        stage.watch()
        assert only_run(stage).state is RunState.OPENED
        assert told(stage, "thresholdReached") != []
        assert told(stage, "launchTuning") != []


def test_a_start_is_announced_whenever_its_launcher_died() -> None:
    def stages() -> Stage:
        stage = Stage()
        stage.write_settings(threshold=4, validation_fraction=0)
        fill(stage, 4)
        return stage

    def launch(stage: Stage, gate: Gate) -> None:
        bootstrap.launch(stage.ports(gate), stage.deployment)("d")

    for stage in dies_after_each_commit(launch, stages):
        stage.pass_time(1000)
        stage.settle()
        assert only_run(stage).state is RunState.PROMOTED
        assert len({message.id for message in told(stage, "started")}) == 1
        assert len(stage.engine.jobs()) == 1


def test_a_jobs_end_and_the_aliass_move_are_announced_whenever_the_watcher_died() -> None:
    def watch(stage: Stage, gate: Gate) -> None:
        bootstrap.watch(stage.ports(gate), stage.deployment)()

    def stages() -> Stage:
        stage = running()
        stage.pass_time(60)
        return stage

    for stage in dies_after_each_commit(watch, stages):
        stage.pass_time(1000)
        stage.settle()
        assert only_run(stage).state is RunState.PROMOTED
        for ending in ("succeeded", "promoted"):
            assert len({message.id for message in told(stage, ending)}) == 1


def test_pairs_that_a_run_has_cut_since_they_were_counted_open_no_other_run() -> None:
    stage = Stage(threshold=2)
    drop(stage, "a")
    stage.ingest(stage.upload("d/b.wav", sound("b")))
    text = stage.upload("d/b.txt", b"it says something else")

    def open_and_cut() -> None:
        stage.ingest(text)
        stage.launch()
        assert only_run(stage).state is RunState.RUNNING

    bootstrap.ingest(stage.ports(between("documents.count", open_and_cut)))(text)
    assert len(stage.runs()) == 1
