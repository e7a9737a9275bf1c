"""What `attune status`, `runs` and `run show` print, and what they and others say where nothing is reached."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from attune.cli import run_report, runs, status_report
from attune.cli.app import app
from attune.cli.telling import put_json, run_json
from attune.config import Settings
from attune.domain.alias import Served, first
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.score import Edits, Flaw
from attune.domain.evaluation.scores import Comparison, Interval, Measure, Score
from attune.domain.evaluation.verdict import Check, Decision, Evaluation, Verdict
from attune.domain.pair import PairState
from attune.domain.run import DataFile, Dropped, Plan, Run, RunState, opened
from attune.domain.shard import Part
from attune.services.manifests import Slot
from attune.services.runs import WholeRun
from attune.services.status import MOST, DatasetStatus, Overview, Reports

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
ENDPOINT = "projects/p/locations/us-central1/endpoints/1"
RUN = replace(
    opened("calls", 7, 100, NOW).to(RunState.CUT, NOW).to(RunState.ASSEMBLED, NOW + timedelta(minutes=1)),
    recipe=Settings().recipe("calls"),
    pairs_taken=104,
    plan=Plan(rows=90, hours=1.5, tokens=2_000, epochs=3, cost_usd=0.03, over=("it is too much",), notes=("odd",)),
    train=DataFile("gs://b/train.jsonl", 90, Part("train.jsonl", 12_345, 1), 5, 5_400.0, 2_000),
    note="the service takes no more jobs",
)
STANDS = first("production", Served("calls", "r000006", 6, NOW, ENDPOINT, "models/1"), NOW)
ALIAS = STANDS.moved_to(Served("calls", "r000005", 5, NOW, f"{ENDPOINT}1", "models/2"), NOW)
CALLS = DatasetStatus(
    dataset="calls",
    settings=Settings(alias="production"),
    errors=("must be more",),
    errors_since=NOW,
    pairs={PairState.ACCEPTED: 1_234, PairState.WAITING: 5, PairState.REJECTED: MOST},
    new_pairs=60,
    waits_for=("40 more new pairs", "the end of cooldown_hours, 2026-01-01 13:00 UTC"),
    under_way=(RUN,),
    last_run=RUN,
    alias=ALIAS,
    reports=Reports("gs://b/reports/calls/report.html", "gs://b/reports/calls/report.jsonl", NOW),
)
QUIET = DatasetStatus("quiet", Settings(), (), None, dict.fromkeys(PairState, 0), 0, (), (), None, None, None)
OVERVIEW = Overview((CALLS, QUIET), (Slot("calls", "r000006", NOW),), 3)
EVALUATION = Evaluation(
    NOW,
    examples=20,
    held_out=30,
    normalisation="as English is written",
    contenders=(Contender(Role.CHALLENGER, ENDPOINT, "models/1", "r000007"), Contender(Role.BASE, "base", "base")),
    absent={Role.CHAMPION: "its endpoint is gone"},
    scores={
        Role.CHALLENGER: Score(20, Edits(1, 2, 3, 100), Edits(1, 1, 1, 500), Interval(0.031, 0.092)),
        Role.BASE: Score(20, targets=4, exact=3, flaws={Flaw.EMPTY: 2}, median_seconds=0.25),
    },
    comparisons=(Comparison(Role.BASE, Measure.WER, 0.09, Interval(0.02, 0.11), 0.01, 0.993),),
    verdict=Verdict(
        Decision.REJECT,
        "it is no better",
        (Check("wer", passed=True, sentence="so"), Check("x", False, "no")),  # noqa: FBT003 - as it reads
    ),
)
COMMANDS = [
    ("status",),
    ("status", "calls"),
    ("runs", "calls"),
    ("run", "show", "calls", "1"),
    ("rollback", "production"),
    ("cancel", "calls", "1"),
]


def printed(tell: Callable[[Console], None], width: int = 200) -> list[str]:
    out = io.StringIO()
    tell(Console(file=out, highlight=False, width=width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def attune(*arguments: str, **variables: str | None) -> Result:
    empty = {"ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None, "FIRESTORE_EMULATOR_HOST": None}
    return CliRunner(env=empty | variables).invoke(app, arguments)


# --- status -----------------------------------------------------------------------------------------------------


def test_every_dataset_has_its_line_in_the_table() -> None:
    lines = printed(lambda console: status_report.tell_all(OVERVIEW, console))
    assert [line[:89].rstrip() for line in lines] == [
        "dataset  accepted  waiting  rejected  new        run                alias",
        "calls    1,234     5        100,000+  60 of 100  r000007 assembled  production: r000005",
        "",
        "",
        "quiet    0         0        0         0 of 100   -                  -",
        "slots in use        r000006 of calls since 2026-01-01 12:30:00 UTC",
        "outbox              3 messages wait to be sent",
    ]
    assert [line[89:] for line in lines[:5]] == [
        "next run waits for",
        "40 more new pairs",
        "the end of cooldown_hours, 2026-01-01 13:00 UTC",
        "(settings are wrong: attune status calls)",
        "nothing: the next tick opens it",
    ]


def test_one_dataset_is_told_in_full() -> None:
    assert printed(lambda console: status_report.tell(Overview((CALLS,), (), 0), console)) == [
        "dataset             calls",
        "settings            threshold 100, gemini-2.5-flash, promotion auto",
        "wrong               must be more since 2026-01-01 12:30:00 UTC; the last good settings are in force",
        "pairs               1,234 accepted, 5 waiting, 100,000+ rejected",
        "new pairs           60 of the 100 that start a run",
        "next run waits for  40 more new pairs",
        "                    the end of cooldown_hours, 2026-01-01 13:00 UTC",
        "under way           r000007  assembled since 2026-01-01 12:31:00 UTC: the service takes no more jobs",
        "alias               production stands for r000005 of calls since 2026-01-01 12:30:00 UTC",
        f"                    {ENDPOINT}1",
        "                    before, for r000006 of calls; it has moved 2 times",
        "report              gs://b/reports/calls/report.html, of 2026-01-01 12:30:00 UTC",
        "                    gs://b/reports/calls/report.jsonl",
        "slots in use        none",
        "outbox              nothing waits to be sent",
    ]


def test_a_dataset_without_anything_says_so() -> None:
    lines = printed(lambda console: status_report.tell(Overview((QUIET,), (), 0), console))
    assert "next run waits for  nothing: the next tick opens it" in lines
    assert "alias               none yet: the first run that is promoted makes it" in lines
    assert not [line for line in lines if line.startswith(("under way", "last run", "report", "wrong"))]


def test_a_run_that_has_ended_is_told_as_the_last_one() -> None:
    ended = RUN.to(RunState.FAILED, NOW, "no luck")
    over = replace(CALLS, under_way=(), last_run=ended)
    lines = printed(lambda console: status_report.tell(Overview((over,), (), 0), console))
    assert "last run            r000007  failed since 2026-01-01 12:30:00 UTC: no luck" in lines


def test_where_there_is_no_dataset_it_is_said() -> None:
    lines = printed(lambda console: status_report.tell_all(Overview((), (), 0), console))
    assert lines[0] == "there is no dataset yet: no settings, and no pair"


def test_programs_are_told_everything(capsys: pytest.CaptureFixture[str]) -> None:
    put_json(status_report.as_data_of(OVERVIEW))
    told = json.loads(capsys.readouterr().out)
    calls, quiet = told["datasets"]
    assert calls["settings"]["threshold"] == 100
    assert (calls["errors"], calls["errors_since"]) == (["must be more"], "2026-01-01T12:30:00+00:00")
    assert calls["pairs"] == {"accepted": 1_234, "waiting": 5, "rejected": told["counted_to"]}
    assert (calls["under_way"][0]["id"], calls["under_way"][0]["state"]) == ("r000007", "assembled")
    assert calls["alias"]["current"]["endpoint"] == f"{ENDPOINT}1"
    assert calls["reports"]["page"] == "gs://b/reports/calls/report.html"
    assert (quiet["last_run"], quiet["alias"], quiet["reports"]) == (None, None, None)
    assert (told["outbox"], told["slots"][0]["run"]) == (3, "r000006")


# --- runs -------------------------------------------------------------------------------------------------------


def test_every_run_has_its_line_with_why() -> None:
    assert printed(lambda console: runs.tell([RUN, opened("calls", 6, 100, NOW)], console)) == [
        "run      state      since                    pairs  rows  hold-out  hours  why",
        "r000007  assembled  2026-01-01 12:31:00 UTC  104    90    -         1.50   the service takes no more jobs",
        "r000006  opened     2026-01-01 12:30:00 UTC  0      -     -         -",
    ]


def test_one_run_is_told_with_plan_files_and_history() -> None:
    job = replace(RUN, job="jobs/1", job_state="running", dropped_count=12, dropped=(Dropped(3, "a/b", "no sound"),))
    lines = printed(lambda console: run_report.tell(WholeRun(job, None), console))
    assert lines[:3] == [
        "run               r000007 of calls",
        "state             assembled since 2026-01-01 12:31:00 UTC: the service takes no more jobs",
        "pairs             104 taken; 100 start a run",
    ]
    for line in (
        "alias             calls, promotion auto",
        "train.jsonl       90 rows, 0 bytes, 1.50 hours",
        "cost              0.0300 USD",
        "refused           it is too much",
        "note              odd",
        "file              gs://b/train.jsonl, generation 5: 90 rows, 12,345 bytes",
        "job               jobs/1",
        "job's state       running",
        "dropped           12 rows, by the tuning service",
        "                  line 3, a/b: no sound",
    ):
        assert line in lines
    assert lines[-3:] == [
        "history           2026-01-01 12:30:00 UTC  opened",
        "                  2026-01-01 12:30:00 UTC  cut",
        "                  2026-01-01 12:31:00 UTC  assembled",
    ]


def test_what_was_measured_is_told_side_by_side() -> None:
    lines = printed(lambda console: run_report.tell(WholeRun(RUN, EVALUATION), console))
    start = lines.index("gate              reject: it is no better")
    assert lines[start + 1 : start + 10] == [
        "                  passed  so",
        "                  FAILED  no",
        "evaluation        20 of 30 held out, at 2026-01-01 12:30:00 UTC",
        "                  as English is written",
        "not measured      champion: its endpoint is gone",
        "who         WER                CER   mismatch  flawed  median s  model",
        "challenger  6.0% [3.1%, 9.2%]  0.6%  -         0       0.00      r000007",
        "base        -                  -     25.0%     2       0.25      base",
        "against base      wer +9.0% [2.0%, 11.0%]; better by more than 0.01 with a probability of 99.3%",
    ]


def test_a_bare_run_is_told_too() -> None:
    lines = printed(lambda console: run_report.tell(WholeRun(opened("calls", 1, 4, NOW), None), console))
    assert lines == [
        "run               r000001 of calls",
        "state             opened since 2026-01-01 12:30:00 UTC",
        "pairs             0 taken; 4 start a run",
        "history           2026-01-01 12:30:00 UTC  opened",
    ]


def test_a_run_is_all_of_its_document_and_its_id() -> None:
    told = run_json(RUN)
    assert told["id"] == "r000007"
    assert set(told) == {"id", *Run.__dataclass_fields__}


# --- where nothing is reached -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_without_credentials_nothing_can_be_looked_at(command: tuple[str, ...], tmp_path: Path) -> None:
    done = attune(
        *command,
        "--project=p",
        HOME=str(tmp_path),
        NO_GCE_CHECK="true",
        GOOGLE_APPLICATION_CREDENTIALS=None,
        CLOUDSDK_CONFIG=str(tmp_path),
    )
    assert done.exit_code == 2
    assert done.stderr == "there are no Google credentials here\n→ gcloud auth application-default login\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_project_has_to_be_named(command: tuple[str, ...]) -> None:
    done = attune(*command)
    assert done.exit_code == 2
    assert "--project" in done.stderr
