"""What `attune lineage` prints, and with which code it ends."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from attune.cli.app import app
from attune.cli.lineage import in_the_intake
from attune.cli.lineage_report import put_behind, put_trace, tell_behind, tell_trace
from attune.domain.alias import Served, first
from attune.domain.lineage import Presence, Tenure, Training
from attune.domain.names import HalfKind
from attune.domain.pair import Half, Pair, PairState
from attune.domain.run import Run, RunState, opened
from attune.domain.split import Split
from attune.services.lineage import Behind, Layer, Standing, Trace, Use

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
AUDIO = Half(HalfKind.AUDIO, "calls/a.wav", 5, 100)
TEXT = Half(HalfKind.TRANSCRIPT, "calls/a.txt", 7, 10)
GONE = Half(HalfKind.AUDIO, "calls/a.wav", 4, 0)
PAIR = Pair("calls", "a", PairState.ACCEPTED, NOW, AUDIO, TEXT, erased=(GONE,))
TRAINED = replace(
    opened("calls", 1, 4, NOW), state=RunState.PROMOTED, active=False, job="jobs/1", model="models/1", endpoint="ends/1"
)
HEIR = replace(TRAINED, number=3, state=RunState.EVALUATING, model="models/3", endpoint="ends/3", job="jobs/3")
ENDED = replace(opened("calls", 2, 4, NOW), state=RunState.FAILED, active=False, reason="it is too much")
STOOD = Tenure("production", NOW, LATER)
STANDS = Tenure("production", LATER, None)
USES = (
    Use(
        Standing(TRAINED, Training.TRAINED, (STOOD,)),
        GONE,
        Presence.ERASED,
        Split.TRAIN,
        "no speech",
        (Standing(HEIR, Training.TRAINED, (STANDS,)),),
    ),
    Use(Standing(ENDED, Training.NO_JOB, ()), AUDIO, Presence.LIVE, Split.TRAIN, None, ()),
    Use(Standing(HEIR, Training.TRAINED, (STANDS,)), AUDIO, Presence.LIVE, Split.VALIDATION, None, ()),
)
TRACE = Trace("calls/a.wav", PAIR, USES)
ALIAS = first("production", Served("calls", "r000003", 3, NOW, "ends/3", "models/3"), NOW)


def line(path: str, split: str) -> bytes:
    halves = {
        kind: {"name": f"calls/{path}.{ending}", "generation": 9}
        for kind, ending in (("audio", "wav"), ("transcript", "txt"))
    }
    return orjson.dumps({"id": path, "split": split, **halves}) + b"\n"


BEHIND = Behind(
    ALIAS,
    (
        Layer(replace(HEIR, dropped_count=2), line("a", "train") + line("b", "validation")),
        Layer(TRAINED, line("c", "train")),
    ),
    rows=2,
    objects=4,
    unread=(),
)


def printed(tell: Callable[[Console], None]) -> list[str]:
    out = io.StringIO()
    tell(Console(file=out, highlight=False, soft_wrap=True))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def attune(*arguments: str, **variables: str | None) -> Result:
    empty = {"ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None, "FIRESTORE_EMULATOR_HOST": None}
    return CliRunner(env=empty | variables).invoke(app, arguments)


# --- an object --------------------------------------------------------------------------------------------------


def test_each_run_of_an_object_is_told_with_what_became_of_it_there() -> None:
    assert printed(lambda console: tell_trace(TRACE, console)) == [
        "object        calls/a.wav",
        "pair          a of calls, accepted; calls/a.wav is of generation 5; calls/a.txt is of generation 7",
        "erased        generation 4, and all before it",
        "",
        "run           r000001 of calls, promoted since 2026-01-01 12:30:00 UTC",
        "generation    4, erased",
        "side          training: trained on it",
        "dropped       the service left its row out, or cut it short: no speech",
        "job           jobs/1",
        "model         models/1",
        "endpoint      ends/1",
        "aliases       production stood for it from 2026-01-01 12:30:00 UTC to 2026-01-01 13:30:00 UTC",
        "on top of it  r000003 of calls, evaluating since 2026-01-01 12:30:00 UTC",
        "                models/3 behind ends/3",
        "                production stands for it since 2026-01-01 13:30:00 UTC",
        "",
        "run           r000002 of calls, failed since 2026-01-01 12:30:00 UTC: it is too much",
        "generation    5, live",
        "side          training: not trained on it: the run never had a job",
        "job           none",
        "",
        "run           r000003 of calls, evaluating since 2026-01-01 12:30:00 UTC",
        "generation    5, live",
        "side          hold-out: not trained on it, only measured",
        "job           jobs/3",
        "model         models/3",
        "endpoint      ends/3",
        "aliases       production stands for it since 2026-01-01 13:30:00 UTC",
    ]


@pytest.mark.parametrize(
    ("run", "training", "said"),
    [
        (replace(ENDED, active=True), Training.UNDER_WAY, "not trained on it yet: the run is under way"),
        (replace(ENDED, active=True, job="jobs/2"), Training.UNDER_WAY, "its job is under way with it"),
        (replace(ENDED, job="jobs/2"), Training.NO_MODEL, "its job ended, and no model of it is known"),
    ],
)
def test_what_a_run_has_made_of_its_training_rows_so_far_is_told(run: Run, training: Training, said: str) -> None:
    use = replace(USES[1], by=Standing(run, training, ()))
    lines = printed(lambda console: tell_trace(replace(TRACE, uses=(use,)), console))
    assert f"side          training: {said}" in lines


def test_an_object_that_no_run_had_says_so() -> None:
    none = Trace("calls/a.wav", PAIR)
    lost = replace(none, unread=("what run r000001 had is not known",))
    assert printed(lambda console: tell_trace(none, console))[-1] == "runs          none had it in its files"
    said = "runs          none of which it is known had it in its files"
    assert printed(lambda console: tell_trace(lost, console))[-1] == said


def test_an_object_that_nobody_knows_is_told_of_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(lambda console: tell_trace(Trace("x", None, unknown="it is no half of a pair"), console)) == []
    assert capsys.readouterr().err == "x: it is no half of a pair\n"


def test_programs_are_told_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    put_trace(TRACE)
    told = json.loads(capsys.readouterr().out)
    assert (told["object"], told["unread"], told["pair"]["state"]) == ("calls/a.wav", [], "accepted")
    used, ended, held_out = told["runs"]
    assert (used["run"], used["generation"], used["presence"], used["trained_on"]) == ("r000001", 4, "erased", True)
    assert used["aliases"][0]["until"] == "2026-01-01T13:30:00+00:00"
    assert [(heir["run"], heir["model"]) for heir in used["on_top_of_it"]] == [("r000003", "models/3")]
    assert (ended["trained_on"], ended["training"], ended["model"]) == (False, "no job", None)
    assert (held_out["trained_on"], held_out["side"]) == (False, "validation")


# --- an alias ---------------------------------------------------------------------------------------------------


def test_a_model_has_its_sum_on_top_and_a_line_for_each_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(lambda console: tell_behind(BEHIND, console)) == [
        "alias         production stands for r000003 of calls since 2026-01-01 12:30:00 UTC",
        "model         models/3",
        "endpoint      ends/3",
        "runs          r000003 of calls, then r000001 of calls",
        "rows          2 on the training side, of 4 objects",
        "dropped       2 of the rows were left out or cut short by the service: attune run show",
    ]
    assert capsys.readouterr().out.splitlines() == [
        "r000003  train  9  calls/a.wav",
        "r000003  train  9  calls/a.txt",
        "r000001  train  9  calls/c.wav",
        "r000001  train  9  calls/c.txt",
    ]


@pytest.mark.parametrize(("layers", "count"), [(BEHIND.layers, 4), (BEHIND.layers[1:], 2), ((), 0)])
def test_as_json_it_is_one_document_with_a_line_for_each_object(
    layers: tuple[Layer, ...], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    put_behind(replace(BEHIND, layers=layers))
    written = capsys.readouterr().out
    told = json.loads(written)
    assert (told["model"], told["rows"], told["distinct_objects"]) == ("models/3", 2, 4)
    assert [run["run"] for run in told["runs"]] == [layer.run.id for layer in layers]
    assert len(told["objects"]) == count
    assert len([line for line in written.splitlines() if '"generation"' in line]) == count
    if count:
        assert told["objects"][-1] == {"name": "calls/c.txt", "generation": 9, "side": "train", "run": "r000001"}


# --- how it is asked --------------------------------------------------------------------------------------------


def test_an_object_is_named_by_its_address_or_by_its_name() -> None:
    assert in_the_intake("gs://in/calls/a.wav", "in") == "calls/a.wav"
    assert in_the_intake("calls/a.wav", "in") == "calls/a.wav"
    with pytest.raises(typer.BadParameter, match=r"gs://other/a\.wav does not lie in the intake bucket, gs://in"):
        in_the_intake("gs://other/a.wav", "in")


@pytest.mark.parametrize("named", [(), ("calls/a.wav", "--alias=production")])
def test_an_object_or_an_alias_has_to_be_named_and_not_both(named: tuple[str, ...]) -> None:
    done = attune("lineage", *named, "--project=p")
    assert done.exit_code == 2
    assert "one of both" in done.stderr


@pytest.mark.parametrize("named", ["calls/a.wav", "--alias=production"])
def test_without_credentials_nothing_can_be_looked_at(named: str, tmp_path: Path) -> None:
    done = attune(
        "lineage",
        named,
        "--project=p",
        HOME=str(tmp_path),
        NO_GCE_CHECK="true",
        GOOGLE_APPLICATION_CREDENTIALS=None,
        CLOUDSDK_CONFIG=str(tmp_path),
    )
    assert done.exit_code == 2
    assert done.stderr == "there are no Google credentials here\n→ gcloud auth application-default login\n"


def test_a_project_has_to_be_named() -> None:
    done = attune("lineage", "calls/a.wav")
    assert done.exit_code == 2
    assert "--project" in done.stderr
