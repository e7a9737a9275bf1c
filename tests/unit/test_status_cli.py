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
from attune.domain.ledger import Ledger
from attune.domain.pair import PairState
from attune.domain.parked import Parked, Task
from attune.domain.part import Part
from attune.domain.run import DataFile, Dropped, Plan, Run, RunState, opened
from attune.services.manifests.of_leases import Slot
from attune.services.runs import WholeRun
from attune.services.status import MOST, DatasetStatus, Overview, Reports, SweepStatus

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
LEDGER = Ledger(
    dataset="calls",
    pass_number=4,
    at=NOW,
    listed=2_500,
    accepted=2_468,
    waiting=5,
    rejected=20,
    ignored=4,
    superseded=3,
    erased=7,
    parked=1,
    taken_in=2,
    vanished=0,
    gap=0,
)
CALLS = DatasetStatus(
    dataset="calls",
    settings=Settings(alias="production"),
    errors=("must be more",),
    errors_since=NOW,
    pairs={PairState.ACCEPTED: 1_234, PairState.WAITING: 5, PairState.REJECTED: MOST, PairState.ERASED: 0},
    new_pairs=60,
    waits_for=("40 more new pairs", "the end of cooldown_hours, 2026-01-01 13:00 UTC"),
    under_way=(RUN,),
    last_run=RUN,
    alias=ALIAS,
    reports=Reports("gs://b/reports/calls/report.html", "gs://b/reports/calls/report.jsonl", NOW),
    ledger=LEDGER,
)
QUIET = DatasetStatus("quiet", Settings(), (), None, dict.fromkeys(PairState, 0), 0, (), (), None, None, None)
RESTING = SweepStatus(4, NOW, NOW + timedelta(minutes=3), 2_510, None, 13.9, None, None, NOW + timedelta(days=1))
UNDER_WAY = SweepStatus(5, NOW, None, 1_500, 2_510, 12.6, timedelta(seconds=80), None, NOW + timedelta(days=1))
PARKED = Parked(Task.INGEST, "calls/a.wav", "it is damaged", NOW, NOW, 5, parked=True)
OVERVIEW = Overview(
    (CALLS, QUIET),
    (Slot("calls", "r000006", NOW),),
    3,
    sweep=RESTING,
    parked=12,
    parked_first=(PARKED,),
    to_forget=1,
)
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
    assert [line[:94].rstrip() for line in lines] == [
        "dataset  accepted  waiting  rejected  gap  new        run                alias",
        "calls    1,234     5        100,000+  0    60 of 100  r000007 assembled  production: r000005",
        "",
        "",
        "quiet    0         0        0         -    0 of 100   -                  -",
        "slots in use        r000006 of calls since 2026-01-01 12:30:00 UTC",
        "outbox              3 messages wait to be sent",
        "sweep               rests since 2026-01-01 12:33:00 UTC: pass 4 listed 2,510 objects",
        "                    the next pass is at 2026-01-02 12:30:00 UTC",
        "parked              12 events that could not be worked on: attune retry",
        "                    ingest calls/a.wav: it is damaged",
        "to be forgotten     1 pair, whose copies go as soon as no run under way needs them",
    ]
    assert [line[94:] for line in lines[:5]] == [
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
        "in the bucket       2,500 objects = 2,468 accepted + 5 waiting + 20 rejected + 4 ignored + 3 superseded",
        "                    no gap, at 2026-01-01 12:30:00 UTC",
        "                    1 of the rejected parked, 2 taken in that no event had told of, 7 deleted ones remembered",
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
        "sweep               no pass over the intake bucket yet: the next tick begins one",
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


def test_pairs_whose_files_were_deleted_are_told_of_where_there_are_any() -> None:
    erased = replace(CALLS, pairs={**CALLS.pairs, PairState.ERASED: 9})
    lines = printed(lambda console: status_report.tell(Overview((erased,), (), 0), console))
    assert "pairs               1,234 accepted, 5 waiting, 100,000+ rejected, 9 erased" in lines
    lines = printed(lambda console: status_report.tell_all(Overview((erased, QUIET), (), 0), console))
    assert lines[0].startswith("dataset  accepted  waiting  rejected  erased  gap")


def test_a_gap_is_told_of_with_what_it_is() -> None:
    short = replace(CALLS, ledger=replace(LEDGER, gap=3, accepted=2_465))
    lines = printed(lambda console: status_report.tell(Overview((short,), (), 0), console))
    assert "gap                 3 objects that are in no state, at 2026-01-01 12:30:00 UTC" in lines
    assert not [line for line in lines if "no gap" in line]


def test_a_dataset_that_no_pass_has_ended_on_has_no_ledger() -> None:
    lines = printed(lambda console: status_report.tell(Overview((QUIET,), (), 0), console))
    assert "in the bucket       no pass over it has ended yet" in lines


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (UNDER_WAY, "1,500 objects of about 2,510, 13 a second, about 1 min left"),
        (
            replace(UNDER_WAY, left=timedelta(hours=3, minutes=7)),
            "objects of about 2,510, 13 a second, about 3 h 7 min left",
        ),
        (replace(UNDER_WAY, listed=0, expected=None, rate=None, left=None), "0 objects"),
    ],
)
def test_a_pass_under_way_is_told_of_as_far_as_can_be_said(sweep: SweepStatus, said: str) -> None:
    lines = printed(lambda console: status_report.tell_all(Overview((), (), 0, sweep=sweep), console))
    assert lines[-1].startswith("sweep               pass 5 since 2026-01-01 12:30:00 UTC: ")
    assert lines[-1].endswith(said)


def test_a_pass_that_looks_for_what_is_missing_says_where() -> None:
    closing = replace(UNDER_WAY, closing="calls")
    lines = printed(lambda console: status_report.tell_all(Overview((), (), 0, sweep=closing), console))
    assert lines[-1].strip() == "looks at the pairs of calls one by one: other halves were listed than they have"


def test_where_there_is_no_dataset_it_is_said() -> None:
    lines = printed(lambda console: status_report.tell_all(Overview((), (), 0), console))
    assert lines[0] == "there is no dataset yet: no settings, and no pair"


def test_programs_are_told_everything(capsys: pytest.CaptureFixture[str]) -> None:
    put_json(status_report.as_data_of(OVERVIEW))
    told = json.loads(capsys.readouterr().out)
    calls, quiet = told["datasets"]
    assert calls["settings"]["threshold"] == 100
    assert (calls["errors"], calls["errors_since"]) == (["must be more"], "2026-01-01T12:30:00+00:00")
    assert calls["pairs"] == {"accepted": 1_234, "waiting": 5, "rejected": told["counted_to"], "erased": 0}
    assert (calls["ledger"]["listed"], calls["ledger"]["gap"], quiet["ledger"]) == (2_500, 0, None)
    assert (told["sweep"]["listed"], told["sweep"]["next_at"]) == (2_510, "2026-01-02T12:30:00+00:00")
    assert (told["sweep"]["seconds_left"], told["sweep"]["finished_at"]) == (None, "2026-01-01T12:33:00+00:00")
    assert (told["parked"], told["parked_first"][0]["subject"], told["to_forget"]) == (12, "calls/a.wav", 1)
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
