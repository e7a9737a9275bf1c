"""The planner against what is assembled: rows and bytes to the last one, tokens as the service counts them."""

import itertools
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from attune import bootstrap
from attune.bootstrap import Ports
from attune.domain.base_models import BaseModel, base_model
from attune.domain.part import Part
from attune.domain.run import DataFile, Plan, Run, RunState
from attune.domain.shard import Shard
from attune.errors import DamagedError
from attune.ports import Delete, Key
from attune.services.assemble import check_plan
from attune.services.forecast import Outlook
from attune_local.vertex.judge import Judge, Judgement
from attune_local.vertex.limits import CATALOGUE
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import dies_at, drop, fill, only_run, told
from service.theatre import Killed, Stage, wav
from thoroughness import tries

FORMATS = ("file_uri", "inline_data")
MOODS = {"mood": {"kind": "classification", "prompt": "How does the speaker feel?", "labels": ["glad", "sad"]}}
HIGH = 10_000
EXAMPLES = tries(18, 600)


@dataclass(slots=True)
class Planned(Stage):
    """A stage whose base models have limits of their own, and which can be looked ahead from."""

    limits: dict[str, Any] = field(default_factory=dict)

    def ports(self, gate: Callable[[str], Callable[[], None]] | None = None) -> Ports:
        return replace(Stage.ports(self, gate), models=self.model)

    def model(self, name: str) -> BaseModel:
        known = base_model(name)
        return replace(known, limits=replace(known.limits, **self.limits))

    def forecast(self) -> Outlook:
        return bootstrap.forecast(self.ports(), self.deployment)(self.dataset)

    def run_now(self, **settings: object) -> Run:
        """Under these settings, the run that whatever is due opens; it is launched as far as it goes."""
        self.write_settings(**{"validation_fraction": 0.3, **settings, "threshold": 1})
        self.watch()
        self.launch()
        return self.runs()[-1]  # type: ignore[no-any-return]  # the stage's runs are Any

    def judged(self, run: Run) -> Judgement:
        assert run.train
        return Judge(self.seen_by_the_service(), CATALOGUE["gemini-2.5-flash"]).dataset(run.train.uri)


def planned(**limits: float) -> Planned:
    return Planned(threshold=HIGH, limits=limits)


def lines(stage: Stage, run: Run, name: str) -> list[bytes]:
    return stage.file(run, name).splitlines(keepends=True)


def add(stage: Stage, path: str, text: str, *, seconds: float = 0.2) -> None:
    drop(stage, path, wav(seconds, seed=zlib.crc32(f"{path} {text}".encode())), text.encode())


def check(stage: Planned, run: Run, plan: Plan) -> None:
    """That a plan is what was assembled, to the byte, and that the manifest tells of just these rows."""
    train, validation = lines(stage, run, "train"), lines(stage, run, "validation")
    assert (plan.rows, plan.train_bytes) == (len(train), sum(map(len, train)))
    assert (plan.validation_rows, plan.validation_bytes) == (len(validation), sum(map(len, validation)))
    told_of = [orjson.loads(line) for line in lines(stage, run, "manifest")]
    assert [stage.bucket.live[line["row"]].data for line in told_of] == train + validation
    assert [line["id"] for line in told_of[: len(train)]] == sorted(line["id"] for line in told_of[: len(train)])
    if plan.rows:
        assert plan.tokens == pytest.approx(stage.judged(run).billable_tokens, rel=0.02)


# --- any history ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Script:
    steps: list[tuple[str, int]]
    row_format: str
    scope: str
    over_limit: str
    limits: dict[str, int]


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "add_many", "feel", "say", "record", "spoil", "ask", "format", "run", "fail", "tick"]
        ),
        st.integers(0, 30),
    ),
    max_size=12,
)
scripts = st.builds(
    Script,
    steps=steps,
    row_format=st.sampled_from(FORMATS),
    scope=st.sampled_from(["all", "new"]),
    over_limit=st.sampled_from(["sample", "refuse"]),
    limits=st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {
                "file_bytes": st.integers(200, 60_000),
                "rows": st.integers(1, 60),
                "validation_always": st.integers(1, 8),
            }
        ),
    ),
)


class Play:
    """A history acted out, step by step."""

    def __init__(self, script: Script) -> None:
        self.stage = planned(**script.limits)
        self.settings: dict[str, Any] = {
            "validation_fraction": 0.3,
            "row_format": script.row_format,
            "scope": script.scope,
            "over_limit": script.over_limit,
            "tasks": MOODS,
            "quality": {"max_characters_per_second": 1000},
        }
        self.paths: list[str] = []
        self._write()
        for step, number in script.steps:
            getattr(self, step)(number)
        self.add(99)

    def add(self, number: int) -> None:
        for _ in range(1 + number % 4):
            self._drop(f"clip{len(self.paths)}", f"it says {len(self.paths)}")

    def add_many(self, number: int) -> None:
        for _ in range(30 + number):
            self._drop(f"clip{len(self.paths)}", f"it says {len(self.paths)} “twice”\n")

    def feel(self, number: int) -> None:
        self._drop(f"mood/{len(self.paths)}", ["glad", "sad"][number % 2])

    def say(self, number: int) -> None:
        """Other words, which may lie on the other side of the hold-out."""
        if path := self._path(number):
            text = ["glad", "sad"][number % 2] if path.startswith("mood/") else f"it says {number} anew, at length"
            self.stage.ingest(self.stage.upload(f"d/{path}.txt", text.encode()))

    def record(self, number: int) -> None:
        if path := self._path(number):
            self.stage.ingest(self.stage.upload(f"d/{path}.wav", wav(0.3, seed=10_000 + number)))

    def spoil(self, number: int) -> None:
        if path := self._path(number):
            self.stage.ingest(self.stage.upload(f"d/{path}.wav", b"broken"))

    def ask(self, number: int) -> None:
        prompts = ["Write down what is said.", "Transcribe. “Verbatim”\n", "Transcribe this audio verbatim."]
        self._write(prompt=prompts[number % 3], system_instruction=[None, "You write."][number % 2])

    def format(self, number: int) -> None:
        self._write(row_format=FORMATS[number % 2])

    def run(self, _number: int) -> None:
        self.stage.write_settings(**self.settings, threshold=1)
        self.stage.settle()
        self._write()

    def fail(self, number: int) -> None:
        """A run that comes to nothing before or after its files were made."""
        self.stage.engine.misbehave(Mischief(Kind.FAIL))
        due = [pair for pair in self.stage.pairs() if pair.due == "add" and pair.row]
        lost = {pair.row.name: self.stage.bucket.live.pop(pair.row.name, None) for pair in due[:1] if number % 2}
        self.run(number)
        self.stage.bucket.live |= {name: there for name, there in lost.items() if there}

    def tick(self, _number: int) -> None:
        self.stage.watch()

    def _path(self, number: int) -> str | None:
        return self.paths[number % len(self.paths)] if self.paths else None

    def _drop(self, path: str, text: str) -> None:
        self.paths.append(path)
        add(self.stage, path, text)

    def _write(self, **settings: object) -> None:
        self.settings |= settings
        self.stage.write_settings(**self.settings, threshold=HIGH)


@examples(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts)
def test_whatever_came_before_a_run_is_assembled_as_it_was_planned(script: Script) -> None:
    play = Play(script)
    stage = play.stage
    before = (stage.documents.paths(), set(stage.bucket.live))
    outlook = stage.forecast()
    assert (stage.documents.paths(), set(stage.bucket.live)) == before
    run = stage.run_now(**play.settings)
    assert run.plan is not None
    assert outlook.plan == run.plan
    assert outlook.plan.exact
    assert outlook.new_pairs + outlook.removed_pairs == run.pairs_taken
    check(stage, run, outlook.plan)
    check_limits(stage, run, outlook.plan, script)


def check_limits(stage: Planned, run: Run, plan: Plan, script: Script) -> None:
    limits = stage.model(plan_model(run)).limits
    most = limits.most_validation_rows(plan.rows)
    assert plan.validation_rows <= min(most, limits.rows)
    assert plan.validation_bytes <= limits.file_bytes
    if script.over_limit == "sample":
        assert (plan.rows <= limits.rows, plan.train_bytes <= limits.file_bytes) == (True, True)
    else:
        over = plan.rows > limits.rows or plan.train_bytes > limits.file_bytes
        assert over == bool([fault for fault in plan.over if fault.startswith("train.jsonl has")])
    assert (run.state is RunState.FAILED) == bool(plan.over)
    assert run.reason == ("; ".join(plan.over) or None)


def plan_model(run: Run) -> str:
    assert run.recipe
    return run.recipe.base_model


# --- at any time ------------------------------------------------------------------------------------------------


def test_of_a_dataset_that_nobody_knows_there_is_nothing_to_train_on() -> None:
    outlook = bootstrap.forecast(planned().ports(), planned().deployment)("unknown")
    assert (outlook.plan.rows, outlook.new_pairs, outlook.removed_pairs) == (0, 0, 0)
    assert outlook.plan.over == ("no pair is on the training side; add more pairs, or lower validation_fraction",)


def test_looking_ahead_reads_a_few_documents_and_neither_reads_an_object_nor_writes_anything() -> None:
    costs = []
    for before in (tries(160, 200), tries(280, 450)):
        stage = planned()
        fill(stage, before)
        stage.run_now()
        stage.write_settings(threshold=HIGH, validation_fraction=0.3)
        fill(stage, 3, "more")
        stage.calls.clear()
        stage.forecast()
        assert set(stage.calls) <= {"documents.get", "documents.get_all", "documents.find"}
        costs.append(len(stage.calls))
    assert costs[0] == costs[1] < 20


def test_many_pairs_are_looked_at_a_page_at_a_time() -> None:
    stage = planned()
    fill(stage, 450)
    stage.calls.clear()
    outlook = stage.forecast()
    assert outlook.new_pairs == 450
    assert stage.calls.count("documents.find") >= 3
    check(stage, stage.run_now(validation_fraction=0.1), outlook.plan)


def test_settings_that_cannot_be_used_are_passed_over_for_the_last_good_ones() -> None:
    stage = planned()
    stage.write_settings(threshold=HIGH, epochs=7)
    fill(stage, 4)
    stage.write_settings(threshold=HIGH, epochs="many")
    assert stage.forecast().plan.epochs == 7


def test_a_pair_that_is_only_taken_out_is_looked_ahead_to_as_well() -> None:
    stage = planned()
    fill(stage, 12)
    rows = stage.run_now(validation_fraction=0).plan.rows  # type: ignore[union-attr]  # an assembled run has its plan
    stage.ingest(stage.upload("d/clip3.wav", b"broken"))
    outlook = stage.forecast()
    assert (outlook.plan.rows, outlook.new_pairs, outlook.removed_pairs) == (rows - 1, 0, 1)


def test_a_manifest_that_is_missing_is_not_passed_over() -> None:
    stage = planned()
    fill(stage, 60)
    stage.run_now()
    stage.write_settings(threshold=HIGH, prompt="What is said?")
    branch = next(path for path in stage.documents.paths() if path[-1].startswith("train-"))
    stage.documents.commit(Delete(Key(Shard, branch)))
    with pytest.raises(DamagedError, match=f"the train shard {branch[-1][-1]} of d is named by its parent and is not"):
        stage.forecast()


# --- another phrasing -------------------------------------------------------------------------------------------

PHRASINGS: list[dict[str, Any]] = [
    {"prompt": "Write down what is said.\n“Verbatim”"},
    {"system_instruction": "You write down what you hear."},
    {"row_format": "inline_data"},
    {"row_format": "inline_data", "prompt": "What is said?", "system_instruction": "You listen."},
    {"tasks": {"clip": {"prompt": "What does the clip say?"}}},
]


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("after", PHRASINGS)
def test_what_another_phrasing_makes_of_all_rows_is_planned_to_the_byte_without_rendering_one(
    after: dict[str, Any], *, back: bool
) -> None:
    first, then = (after, {}) if back else ({}, after)
    stage = planned()
    stage.write_settings(threshold=HIGH, validation_fraction=0.3, **first)
    for index in range(70):
        add(stage, f"clip/{index}", f"it says {index}", seconds=1.0)
    stage.run_now(**first)
    stage.write_settings(threshold=HIGH, validation_fraction=0.3, **then)
    add(stage, "clip/one more", "it says one more", seconds=1.0)
    outlook = stage.forecast()
    run = stage.run_now(**then)
    assert outlook.plan.exact
    assert outlook.plan == run.plan
    check(stage, run, outlook.plan)


# --- another manner ---------------------------------------------------------------------------------------------


def test_where_texts_are_to_be_written_in_another_manner_sizes_are_estimates_and_said_to_be() -> None:
    stage = planned()
    fill(stage, 12)
    stage.write_settings(threshold=HIGH, transcripts={"punctuation": "remove", "casing": "lower"})
    outlook = stage.forecast()
    assert not outlook.plan.exact
    assert outlook.plan.notes[-1].startswith("bytes and tokens are estimates")
    run = stage.run_now(validation_fraction=0.1, transcripts={"punctuation": "remove", "casing": "lower"})
    assert run.plan
    assert run.plan.exact
    assert outlook.plan.rows == run.plan.rows
    assert outlook.plan.tokens == pytest.approx(run.plan.tokens, rel=0.02)


def test_a_manner_that_a_run_has_had_already_leaves_the_plan_exact() -> None:
    stage = planned()
    lower = {"transcripts": {"casing": "lower"}, "validation_fraction": 0.1}
    stage.write_settings(threshold=HIGH, **lower)
    for index in range(12):
        add(stage, f"clip{index}", f"It says {index} ALOUD", seconds=1.0)
    stage.run_now(**lower)
    stage.write_settings(threshold=HIGH, prompt="What is said?", **lower)
    add(stage, "one more", "It says ONE more", seconds=1.0)
    outlook = stage.forecast()
    run = stage.run_now(prompt="What is said?", **lower)
    assert outlook.plan.exact
    assert outlook.plan == run.plan
    check(stage, run, outlook.plan)


def test_a_text_that_was_changed_and_is_to_be_as_it_was_is_an_estimate() -> None:
    stage = planned()
    stage.write_settings(threshold=HIGH, transcripts={"casing": "upper"})
    fill(stage, 4)
    stage.write_settings(threshold=HIGH)
    assert not stage.forecast().plan.exact


# --- over a limit -----------------------------------------------------------------------------------------------


def test_over_a_limit_the_run_is_refused_with_all_it_breaks_and_what_to_do_and_that_is_announced() -> None:
    stage = planned(file_bytes=1_000, rows=5)
    stage.write_settings(threshold=HIGH, validation_fraction=0)
    fill(stage, 12)
    run = stage.run_now(validation_fraction=0)
    assert run.state is RunState.FAILED
    assert "train.jsonl has 12 rows, and 5 are taken: use scope new, or over_limit sample" in str(run.reason)
    assert "bytes, and 1,000 are taken" in str(run.reason)
    assert [message.data["reason"] for message in told(stage, "failed")] == [run.reason]
    assert "tuning.create" not in stage.calls
    assert run.plan
    assert run.plan.left_out == 12 - sum(
        size <= 1_000 for size in itertools.accumulate(map(len, lines(stage, run, "train")))
    )


@pytest.mark.parametrize("row_format", FORMATS)
def test_a_sample_is_the_beginning_of_the_whole_file_and_is_tuned_on(row_format: str) -> None:
    whole, cut = planned(), planned(rows=150)
    for stage in (whole, cut):
        stage.write_settings(threshold=HIGH, row_format=row_format)
        fill(stage, 220)
    all_rows = whole.run_now(validation_fraction=0.1, row_format=row_format)
    cut.calls.clear()
    sample = cut.run_now(validation_fraction=0.1, row_format=row_format, over_limit="sample")
    assert lines(cut, sample, "train") == lines(whole, all_rows, "train")[:150]
    assert lines(cut, sample, "validation") == lines(whole, all_rows, "validation")
    assert sample.state is RunState.RUNNING
    assert sample.plan
    assert all_rows.plan
    assert sample.plan.left_out == all_rows.plan.rows - 150
    assert sample.plan.notes == (
        f"over_limit sample leaves out {sample.plan.left_out} of {all_rows.plan.rows} training rows",
    )
    cut.settle()
    assert only_run(cut).state is RunState.PROMOTED


def test_the_same_pairs_make_the_same_sample_in_whatever_order_they_came() -> None:
    stages = [planned(file_bytes=9_000), planned(file_bytes=9_000)]
    for stage, order in zip(stages, (range(90), reversed(range(90))), strict=True):
        stage.write_settings(threshold=HIGH)
        for index in order:
            add(stage, f"clip{index}", f"it says {index}", seconds=1.0)
    one, other = (stage.run_now(over_limit="sample") for stage in stages)
    for name in ("train", "validation"):
        assert stages[0].file(one, name) == stages[1].file(other, name) != b""
    assert one.plan == other.plan


def test_a_row_that_the_service_drops_from_a_sample_is_traced_to_its_pair() -> None:
    stage = planned(rows=40)
    fill(stage, 60)
    stage.engine.misbehave(Mischief(Kind.DROP_ROWS, indices=(2, 40)))
    run = stage.run_now(validation_fraction=0.1, over_limit="sample")
    rows = lines(stage, run, "train")
    stage.pass_time(60)
    stage.watch()
    dropped = only_run(stage).dropped
    by_row = {stage.bucket.live[pair.taken.row.name].data: pair.path for pair in stage.pairs()}
    assert [(row.line, row.path) for row in dropped] == [(2, by_row[rows[1]]), (40, by_row[rows[39]])]


def test_a_sample_takes_a_few_compositions_however_large_the_whole_is() -> None:
    counts = []
    for before in (tries(160, 200), tries(280, 450)):
        stage = planned(rows=before - 150)
        fill(stage, before)
        stage.run_now(validation_fraction=0)
        stage.write_settings(threshold=HIGH, validation_fraction=0)
        fill(stage, 1, "more")
        stage.calls.clear()
        stage.run_now(validation_fraction=0, over_limit="sample")
        counts.append(sum(call.startswith(("objects.compose", "objects.put")) for call in stage.calls))
    assert max(counts) <= 14


def test_a_sample_that_was_cut_off_by_a_crash_is_made_anew_to_the_same_files() -> None:
    whole = planned(rows=50)
    fill(whole, 90)
    expected = whole.file(whole.run_now(over_limit="sample"), "train")
    for nth in range(1, 60, tries(17, 3)):
        stage = planned(rows=50)
        fill(stage, 90)
        stage.write_settings(threshold=1, validation_fraction=0.3, over_limit="sample")
        stage.watch()
        with suppress(Killed):
            bootstrap.launch(stage.ports(dies_at("objects.compose", nth)), stage.deployment)("d")
        stage.pass_time(700)
        stage.launch()
        assert stage.file(only_run(stage), "train") == expected


def test_files_that_are_not_what_was_planned_are_damaged() -> None:
    plan = Plan(4, 1.0, 9, None, None, train_bytes=400)
    file = DataFile("gs://b/train.jsonl", 4, Part("train.jsonl", 400, 0), 1, 9.0, 9)
    check_plan(plan, file, None)
    for other in (replace(file, rows=3), replace(file, part=Part("train.jsonl", 399, 0)), None):
        with pytest.raises(DamagedError, match=r"train\.jsonl has .* and 4 and 400 were planned"):
            check_plan(plan, other, None)
    with pytest.raises(DamagedError, match=r"validation\.jsonl has 4 rows and 400 bytes, and 0 and 0 were planned"):
        check_plan(plan, file, file)
