"""Lineage: which models know an object, and which objects are behind a model; the files that were tuned on decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from attune import bootstrap
from attune.bootstrap import Ports
from attune.domain.arrival import Departure
from attune.domain.base_models import BaseModel, base_model
from attune.domain.lineage import Presence, Training
from attune.domain.recipe import OverLimit
from attune.domain.run import RunState
from attune.domain.split import Split
from attune.errors import UnavailableError
from attune.ports import Delete, Replace
from attune.ports_project import UnseenError
from attune.services.lineage import Behind, Trace, Use
from attune.services.manifests import of_aliases, of_pairs, of_runs
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import another_run, beside, dies_at, drop, fill, launch_until, only_run, running, sound
from service.theatre import Stage
from thoroughness import tries

HIGH = 10_000


@dataclass(slots=True)
class Limited(Stage):
    """A stage whose base models take no more than so many rows."""

    rows: int = HIGH

    def ports(self, gate: Callable[[str], Callable[[], None]] | None = None) -> Ports:
        return replace(Stage.ports(self, gate), models=self.model)

    def model(self, name: str) -> BaseModel:
        known = base_model(name)
        return replace(known, limits=replace(known.limits, rows=self.rows))


def trace(stage: Stage, name: str, *, thorough: bool = False) -> Trace:
    return bootstrap.lineage(stage.ports()).of(name, thorough=thorough)


def behind(stage: Stage, alias: str = "d") -> Behind:
    found = bootstrap.lineage(stage.ports()).behind(alias)
    assert found is not None
    return found


def promoted(**settings: object) -> Stage:
    """A stage whose first run has the alias; four pairs are in it."""
    stage = running(**settings)
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    return stage


def next_run(stage: Stage, name: str) -> Any:
    """A run of four more pairs, as far as it gets by itself."""
    another_run(stage, name)
    stage.settle()
    return stage.runs()[-1]


def delete(stage: Stage, name: str) -> None:
    bootstrap.erase(stage.ports())(Departure(name, stage.delete(name)))


def told(use: Use) -> tuple[str, int, str, str]:
    return use.by.run.id, use.half.generation, use.presence.value, use.split.value


def manifest(stage: Stage, run: Any) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stage.file(run, "manifest").splitlines()]


# --- an object's runs -------------------------------------------------------------------------------------------


def test_an_object_has_its_run_with_job_model_and_alias() -> None:
    stage = promoted()
    run = only_run(stage)
    (use,) = trace(stage, "d/clip1.wav").uses
    assert told(use) == ("r000001", stage.pair("clip1").audio.generation, "live", "train")
    assert (use.by.run, use.by.training, use.is_trained_on) == (run, Training.TRAINED, True)
    assert (run.job is None, run.model is None, run.endpoint is None) == (False, False, False)
    (tenure,) = use.by.tenures
    assert (tenure.alias, tenure.until) == ("d", None)


def test_the_cuts_tell_without_a_manifest_being_read() -> None:
    stage = promoted()
    stage.calls.clear()
    assert trace(stage, "d/clip1.txt").uses
    assert [call for call in stage.calls if call.startswith("objects")] == []
    assert "documents.commit" not in stage.calls


def test_each_run_has_the_generation_of_its_time() -> None:
    stage = promoted()
    first = stage.pair("clip1").transcript.generation
    stage.ingest(stage.upload("d/clip1.txt", b"it says something else"))
    second = stage.pair("clip1").transcript.generation
    fill(stage, 3, "more")
    stage.settle()
    fill(stage, 4, "last")
    stage.settle()
    assert [told(use) for use in trace(stage, "d/clip1.txt").uses] == [
        ("r000001", first, "replaced", "train"),
        ("r000002", second, "live", "train"),
        ("r000003", second, "live", "train"),
    ]
    assert {told(use)[1] for use in trace(stage, "d/clip1.wav").uses} == {stage.pair("clip1").audio.generation}


def test_what_was_erased_is_told_of_for_as_long_as_a_model_knows_it_and_is_in_no_later_run() -> None:
    stage = promoted()
    generation = stage.pair("clip1").audio.generation
    delete(stage, "d/clip1.wav")
    next_run(stage, "more")
    assert [told(use) for use in trace(stage, "d/clip1.wav").uses] == [("r000001", generation, "erased", "train")]
    assert [told(use)[0] for use in trace(stage, "d/clip1.txt").uses] == ["r000001"]
    assert [told(use)[0] for use in trace(stage, "d/clip2.wav").uses] == ["r000001", "r000002"]


def test_what_is_held_out_is_not_trained_on() -> None:
    stage = Stage()
    stage.write_settings(threshold=10, validation_fraction=0.5)
    fill(stage, 10)
    stage.settle()
    run = only_run(stage)
    for line in manifest(stage, run):
        (use,) = trace(stage, line["audio"]["name"]).uses
        assert use.split.value == line["split"]
        assert use.is_trained_on == (line["split"] == "train")
    assert {line["split"] for line in manifest(stage, run)} == {"train", "validation"}


def test_a_run_that_ended_before_a_job_was_asked_for_did_not_train() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, max_run_cost_usd=0)
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    (use,) = trace(stage, "d/clip1.wav").uses
    assert (use.by.training, use.is_trained_on) == (Training.UNDER_WAY, False)
    bootstrap.approving(stage.ports()).reject("d", "1", "too dear")
    stage.settle()
    (use,) = trace(stage, "d/clip1.wav").uses
    assert (use.by.training, use.is_trained_on) == (Training.NO_JOB, False)


def test_a_run_whose_job_failed_has_no_model() -> None:
    stage = running()
    (use,) = trace(stage, "d/clip1.wav").uses
    assert use.by.training is Training.UNDER_WAY
    stage.engine.misbehave(Mischief(Kind.FAIL))
    next_run(stage, "more")
    assert stage.runs()[-1].state is RunState.FAILED
    assert [use.by.training for use in trace(stage, "d/clip1.wav").uses] == [Training.TRAINED, Training.NO_MODEL]


def test_a_run_without_files_had_nothing_and_the_next_one_has_its_pairs() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0)
    fill(stage, 4)
    launch_until(stage, dies_at("objects.compose"))
    assert only_run(stage).state is RunState.CUT
    assert trace(stage, "d/clip1.wav").uses == ()
    bootstrap.cancelling(stage.ports(), stage.deployment)("d", "1", "no use for it")
    stage.pass_time(600)
    next_run(stage, "more")
    assert [told(use)[0] for use in trace(stage, "d/clip1.wav").uses] == ["r000002"]


def test_the_services_own_word_on_a_row_is_told() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0)
    fill(stage, 4)
    stage.engine.misbehave(Mischief(Kind.DROP_ROWS, indices=(1,), reason="no speech"))
    stage.settle()
    words = {
        path: trace(stage, f"d/{path}.wav").uses[0].dropped
        for path in (line["pair"] for line in manifest(stage, only_run(stage)))
    }
    assert sorted(map(str, words.values())) == ["Dataset example 1 no speech.", "None", "None", "None"]


def test_an_alias_that_moved_on_and_was_rolled_back_tells_both_of_its_times() -> None:
    stage = promoted(alias="champion")
    begun = stage.documents.get(of_aliases.alias("champion")).value.moved_at
    next_run(stage, "more")
    moved = stage.documents.get(of_aliases.alias("champion")).value.moved_at
    stage.pass_time(60)
    bootstrap.rolling_back(stage.ports())("champion", "it mishears")
    first, second = trace(stage, "d/clip1.wav").uses
    assert [(each.alias, each.since, each.until) for each in first.by.tenures] == [
        ("champion", begun, moved),
        ("champion", stage.now, None),
    ]
    assert [(each.since, each.until) for each in second.by.tenures] == [(moved, stage.now)]
    assert second.by.run.state is RunState.ROLLED_BACK


def test_what_is_not_known_is_said_to_be_so() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    assert trace(stage, "d/a.wav") == Trace("d/a.wav", stage.pair("a"))
    for name in ("d/b.wav", "d/a.flac"):
        assert trace(stage, name).unknown == "no event and no pass over the bucket has told of it"
    assert str(trace(stage, "d/a.pdf").unknown).startswith("it is no half of a pair: its ending is none of")


# --- models on top of models ------------------------------------------------------------------------------------


def test_models_that_were_tuned_on_top_are_followed_all_the_way_up() -> None:
    stage = promoted(scope="new")
    for name in ("more", "yet", "last"):
        assert next_run(stage, name).state is RunState.PROMOTED
    (use,) = trace(stage, "d/clip1.wav").uses
    assert [heir.run.id for heir in use.heirs] == ["r000002", "r000003", "r000004"]
    assert [heir.run.started_from for heir in use.heirs] == [run.model for run in stage.runs()[:3]]
    assert [[each.until is None for each in heir.tenures] for heir in use.heirs] == [[False], [False], [True]]
    (use,) = trace(stage, "d/yet1.wav").uses
    assert (told(use)[0], [heir.run.id for heir in use.heirs]) == ("r000003", ["r000004"])


def test_and_into_other_datasets_that_share_the_alias() -> None:
    stage = promoted(scope="new", alias="both")
    other = beside(stage, "e")
    other.write_settings(threshold=4, validation_fraction=0, scope="new", alias="both")
    fill(other, 4, "theirs")
    other.launch()
    stage.now = other.now
    stage.settle()
    (use,) = trace(stage, "d/clip1.wav").uses
    assert [(heir.run.dataset, heir.run.id) for heir in use.heirs] == [("e", "r000001")]
    assert [layer.run.dataset for layer in behind(stage, "both").layers] == ["e", "d"]


def test_a_run_of_scope_new_has_its_own_pairs_only() -> None:
    stage = promoted(scope="new")
    next_run(stage, "more")
    assert [told(use)[0] for use in trace(stage, "d/clip1.wav").uses] == ["r000001"]
    assert [told(use)[0] for use in trace(stage, "d/more1.wav").uses] == ["r000002"]


def test_a_sample_has_only_what_it_did_not_leave_out() -> None:
    stage = Limited(rows=5)
    stage.write_settings(threshold=9, validation_fraction=0, over_limit=OverLimit.SAMPLE)
    good = fill(stage, 9)
    stage.settle()
    listed = {line["pair"] for line in manifest(stage, only_run(stage))}
    assert len(listed) == 5
    for path in good:
        assert bool(trace(stage, f"d/{path}.wav").uses) == (path in listed)


# --- what cannot be found out -----------------------------------------------------------------------------------


def test_a_manifest_that_is_gone_is_said_to_be() -> None:
    stage = promoted(scope="new")
    stage.bucket.delete("runs/d/r000001/manifest.jsonl")
    found = trace(stage, "d/clip1.wav")
    said = "what run r000001 of d had is not known: gs://datasets/runs/d/r000001/manifest.jsonl is gone"
    assert (found.uses, found.unread) == ((), (said,))
    assert (behind(stage).layers, behind(stage).unread) == ((), (said,))


def test_a_manifest_that_may_not_be_read_is_said_with_the_right_that_helps() -> None:
    stage = promoted(scope="new")

    def refused(call: str) -> Callable[[], None]:
        if call == "objects.read":
            raise UnavailableError("no")
        return lambda: None

    service = bootstrap.lineage(stage.ports(refused))
    for look in (lambda: service.of("d/clip1.wav"), lambda: service.behind("d")):
        with pytest.raises(UnseenError, match="could not be read") as unseen:
            look()
        assert "roles/storage.objectViewer" in unseen.value.todo


# --- pairs that an older version cut ----------------------------------------------------------------------------


def forget_its_stays(stage: Stage, path: str) -> None:
    """The pair as a version left it that wrote none."""
    read = stage.documents.get(of_pairs.pair("d", stage.pair(path).id))
    stage.documents.commit(Replace(read, replace(read.value, stays=())))


def test_of_a_pair_without_stays_the_manifests_tell() -> None:
    stage = promoted()
    expected = trace(stage, "d/clip1.wav").uses
    forget_its_stays(stage, "clip1")
    assert trace(stage, "d/clip1.wav").uses == expected
    next_run(stage, "more")
    assert [told(use)[0] for use in trace(stage, "d/clip1.wav").uses] == ["r000001", "r000002"]


def test_who_looks_thoroughly_finds_what_was_cut_before_stays_were_written() -> None:
    stage = promoted()
    forget_its_stays(stage, "clip1")
    first = stage.pair("clip1").transcript.generation
    stage.ingest(stage.upload("d/clip1.txt", b"it says something else"))
    fill(stage, 3, "more")
    stage.settle()
    found = [told(use) for use in trace(stage, "d/clip1.txt", thorough=True).uses]
    assert found[0] == ("r000001", first, "replaced", "train")
    assert len(found) == 2


# --- behind an alias --------------------------------------------------------------------------------------------


def test_behind_an_alias_are_the_generations_of_its_models_training_rows() -> None:
    stage = Stage()
    stage.write_settings(threshold=10, validation_fraction=0.5)
    fill(stage, 10)
    stage.settle()
    run = only_run(stage)
    found = behind(stage)
    assert (found.alias.current.model, found.alias.current.endpoint) == (run.model, run.endpoint)
    listed = [(each.name, each.generation, each.side, each.run) for layer in found.layers for each in layer.objects()]
    expected = [
        (line[kind]["name"], line[kind]["generation"], Split.TRAIN, run.id)
        for line in manifest(stage, run)
        if line["split"] == "train"
        for kind in ("audio", "transcript")
    ]
    assert listed == expected
    assert (found.rows, found.objects) == (len(listed) // 2, len(listed))
    assert 0 < found.rows < 10


def test_with_scope_new_those_of_the_models_below_it_too() -> None:
    stage = promoted(scope="new")
    next_run(stage, "more")
    stage.ingest(stage.upload("d/clip1.txt", b"it says something else"))
    fill(stage, 3, "last")
    stage.settle()
    found = behind(stage)
    assert [layer.run.id for layer in found.layers] == ["r000003", "r000002", "r000001"]
    names = [each.name for layer in found.layers for each in layer.objects()]
    assert (found.rows, found.objects, names.count("d/clip1.txt")) == (12, 23, 2)


def test_a_rejected_run_is_behind_nothing() -> None:
    stage = promoted()
    stage.write_settings(threshold=4, validation_fraction=0, gate={"min_improvement": 1.0, "unmeasured": "hold"})
    next_run(stage, "more")
    assert [layer.run.id for layer in behind(stage).layers] == ["r000001"]


def test_what_is_missing_below_a_model_is_said() -> None:
    stage = promoted(scope="new")
    next_run(stage, "more")
    stage.documents.commit(Delete(of_aliases.alias_history("d", 1)))
    model = stage.runs()[0].model
    found = behind(stage)
    assert [layer.run.id for layer in found.layers] == ["r000002"]
    assert found.unread == (f"what {model} was trained on is not known: d has never stood for it",)
    stage.documents.commit(Delete(of_runs.run("d", 2)))
    assert "run r000002 of d is gone" in behind(stage).unread[0]


def test_there_is_nothing_behind_an_alias_that_is_not_there() -> None:
    assert bootstrap.lineage(Stage().ports()).behind("d") is None


# --- any history ------------------------------------------------------------------------------------------------

STEPS = ("add", "add", "say", "drop_out", "spoil", "run", "run", "fail", "cancel", "die")
scripts = st.tuples(
    st.sampled_from(["all", "new"]),
    st.sampled_from([HIGH, 4]),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30)), min_size=4, max_size=14),
)


class Play:
    """A history acted out, step by step; it ends with a run."""

    def __init__(self, scope: str, rows: int, steps: list[tuple[str, int]]) -> None:
        self.stage = Limited(rows=rows)
        self.settings = {"validation_fraction": 0.3, "scope": scope, "over_limit": "sample"}
        self.stage.write_settings(threshold=HIGH, **self.settings)
        self.paths: list[str] = []
        for step, number in [("add", 3), *steps, ("add", 1), ("run", 0)]:
            getattr(self, step)(number)

    def add(self, number: int) -> None:
        for _ in range(1 + number % 4):
            self.paths.append(f"clip{len(self.paths)}")
            drop(self.stage, self.paths[-1], sound(self.paths[-1]), f"it says {self.paths[-1]}".encode())

    def say(self, number: int) -> None:
        self._lay(number, "txt", f"it says {number} anew".encode())

    def spoil(self, number: int) -> None:
        self._lay(number, "wav", b"broken")

    def drop_out(self, number: int) -> None:
        name = f"d/{self._path(number)}.{('wav', 'txt')[number % 2]}"
        if name in self.stage.intake.live:
            delete(self.stage, name)

    def run(self, _: int) -> None:
        self._open()
        self.stage.settle()

    def fail(self, _: int) -> None:
        self.stage.engine.misbehave(Mischief(Kind.FAIL))
        self.run(0)

    def cancel(self, _: int) -> None:
        self._open()
        self.stage.launch()
        newest = self.stage.runs()[-1]
        bootstrap.cancelling(self.stage.ports(), self.stage.deployment)("d", newest.id, "no use for it")
        self.stage.settle()

    def die(self, number: int) -> None:
        """A run that ends with its cut made, and no files."""
        if self._open():
            launch_until(self.stage, dies_at("documents.commit", 3 + number % 3))
            bootstrap.cancelling(self.stage.ports(), self.stage.deployment)("d", self.stage.runs()[-1].id, "enough")
        self.stage.pass_time(700)
        self.stage.settle()

    def _open(self) -> bool:
        before = len(self.stage.runs())
        self.stage.write_settings(threshold=1, **self.settings)
        self.stage.watch()
        self.stage.write_settings(threshold=HIGH, **self.settings)
        return len(self.stage.runs()) > before

    def _lay(self, number: int, ending: str, data: bytes) -> None:
        self.stage.ingest(self.stage.upload(f"d/{self._path(number)}.{ending}", data))

    def _path(self, number: int) -> str:
        return self.paths[number % len(self.paths)]


@examples(max_examples=tries(4, 300), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(scripts)
def test_whatever_happened_the_lineage_of_each_object_is_what_the_manifests_list(script: Any) -> None:
    play = Play(*script)
    listed = [(run, line) for run in play.stage.runs() if run.manifest for line in manifest(play.stage, run)]
    for path in play.paths:
        for name, kind in ((f"d/{path}.wav", "audio"), (f"d/{path}.txt", "transcript")):
            expected = [
                (run.id, line[kind]["generation"], line["split"]) for run, line in listed if line[kind]["name"] == name
            ]
            for thorough in (False, True):
                found = trace(play.stage, name, thorough=thorough).uses
                assert [(use.by.run.id, use.half.generation, use.split) for use in found] == expected
            here = play.stage.intake.live.get(name)
            for use in found:
                live = here is not None and here.generation == use.half.generation
                assert (use.presence is Presence.LIVE) == live
