"""What `attune plan` prints and exits with, and what its commands say where there is nothing to look at."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from attune.cli.app import app
from attune.cli.plan_report import as_json, exit_code, tell
from attune.config import Settings
from attune.domain.run import Binding, Plan
from attune.services.forecast import Outlook

PLAN = Plan(
    rows=10,
    hours=1.5,
    tokens=2_000_000,
    epochs=3,
    cost_usd=30.0,
    tasks={"mood": 4, "transcription": 6},
    train_bytes=12_345,
    validation_rows=2,
    validation_bytes=678,
    binding=Binding("bytes of train.jsonl", 12_345, 1_000_000_000),
)
OUTLOOK = Outlook("calls", Settings().recipe("calls"), PLAN, threshold=100, new_pairs=7, removed_pairs=0)
REFUSED = replace(PLAN, over=("train.jsonl has 5 rows, and 4 are taken: use scope new", "another fault"))
NOT_KNOWN = replace(PLAN, epochs=None, cost_usd=None, cost_note="epochs is not set")


def with_a_maximum(plan: Plan, most: float) -> Outlook:
    return replace(OUTLOOK, plan=plan, recipe=replace(OUTLOOK.recipe, max_cost_usd=most))


def said(outlook: Outlook) -> list[str]:
    out = io.StringIO()
    tell(outlook, Console(file=out, highlight=False, soft_wrap=True))
    return out.getvalue().splitlines()


def attune(*arguments: str, **variables: str | None) -> Result:
    empty = {"ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None, "FIRESTORE_EMULATOR_HOST": None}
    return CliRunner(env=empty | variables).invoke(app, arguments)


def test_every_figure_has_its_line() -> None:
    source = "third-party copies of the Vertex AI price page, which name Gemini 2.5 and not 3.x, read 2026-11-22"
    assert said(OUTLOOK) == [
        "new pairs         7 of the 100 that start a run",
        "base model        gemini-2.5-flash, row_format file_uri, scope all; it ends on 2027-03-31",
        f"price             5.00 USD for a million training tokens: {source}",
        "train.jsonl       10 rows, 12,345 bytes, 1.50 hours",
        "                  mood: 4 rows, 40.0%",
        "                  transcription: 6 rows, 60.0%",
        "validation.jsonl  2 rows, 678 bytes",
        "tokens            2,000,000 in an epoch; epochs: 3",
        "cost              30.00 USD",
        "nearest limit     bytes of train.jsonl: 12,345 of 1,000,000,000, 0.0%",
    ]
    assert exit_code(OUTLOOK) == 0


def test_what_refuses_a_run_is_said_and_exits_with_1() -> None:
    outlook = replace(OUTLOOK, plan=REFUSED)
    assert [line for line in said(outlook) if line.startswith("refused")] == [
        "refused           train.jsonl has 5 rows, and 4 are taken: use scope new",
        "refused           another fault",
    ]
    assert exit_code(outlook) == 1


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (PLAN, "it costs 30.00 USD, and max_run_cost_usd is 20.00"),
        (NOT_KNOWN, "what it costs is not known (epochs is not set), and max_run_cost_usd is 20.00"),
    ],
)
def test_what_would_hold_a_run_is_said_and_exits_with_1(plan: Plan, why: str) -> None:
    outlook = with_a_maximum(plan, 20)
    assert said(outlook)[-1] == f"held              {why}: it would wait for approval"
    assert exit_code(outlook) == 1
    assert json.loads(as_json(outlook))["held"] == why


def test_a_run_within_its_maximum_exits_with_0() -> None:
    assert exit_code(with_a_maximum(PLAN, 30)) == 0
    assert json.loads(as_json(with_a_maximum(PLAN, 30)))["held"] is None


def test_a_refused_run_is_not_told_to_be_held_as_well() -> None:
    outlook = with_a_maximum(REFUSED, 20)
    assert json.loads(as_json(outlook))["held"] is None
    assert not [line for line in said(outlook) if line.startswith("held")]


def test_what_is_not_known_is_said_with_the_reason() -> None:
    lines = said(replace(OUTLOOK, plan=NOT_KNOWN))
    assert "tokens            2,000,000 in an epoch; epochs: not set" in lines
    assert "cost              not known: epochs is not set" in lines


def test_notes_and_pairs_that_leave_are_told() -> None:
    lines = said(replace(OUTLOOK, plan=replace(PLAN, notes=("3 rows are left out",)), removed_pairs=2))
    assert lines[1] == "                  2 pairs are taken out"
    assert lines[-1] == "note              3 rows are left out"


def test_a_model_without_a_known_price_is_told_without_one() -> None:
    recipe = replace(OUTLOOK.recipe, base_model="gemini-3.5-flash")
    assert not [line for line in said(replace(OUTLOOK, recipe=recipe)) if "million training tokens" in line]


def test_programs_are_told_everything() -> None:
    told = json.loads(as_json(OUTLOOK))
    assert (told["dataset"], told["threshold"], told["new_pairs"], told["removed_pairs"]) == ("calls", 100, 7, 0)
    assert told["plan"]["train_bytes"] == 12_345
    assert told["plan"]["tasks"] == {"mood": 4, "transcription": 6}
    assert told["plan"]["binding"] == {
        "limit": "bytes of train.jsonl",
        "used": 12_345,
        "most": 1_000_000_000,
        "share": 12_345 / 1e9,
    }
    assert told["recipe"]["base_model"] == "gemini-2.5-flash"
    assert told["price"]["usd_per_million_tokens"] == 5.0
    assert told["price"]["source"]["read"] == "2026-11-22"


def test_an_empty_dataset_has_a_plan_without_shares() -> None:
    empty = replace(PLAN, rows=0, tasks={}, train_bytes=0, binding=None)
    assert "train.jsonl       0 rows, 0 bytes, 1.50 hours" in said(replace(OUTLOOK, plan=empty))
    assert json.loads(as_json(replace(OUTLOOK, plan=empty)))["plan"]["binding"] is None


@pytest.mark.parametrize("command", [("plan", "calls"), ("approve", "calls", "1"), ("reject", "calls", "1")])
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


@pytest.mark.parametrize("command", [("plan", "calls"), ("approve", "calls", "1"), ("reject", "calls", "1")])
def test_a_variable_that_cannot_be_used_is_named(command: tuple[str, ...]) -> None:
    done = attune(*command, "--project=p", ATTUNE_LEASE_SECONDS="long")
    assert done.exit_code == 2
    assert done.stderr.startswith("ATTUNE_LEASE_SECONDS cannot be used: ")


@pytest.mark.parametrize("command", [("plan", "calls"), ("approve", "calls", "1"), ("reject", "calls", "1")])
def test_a_project_has_to_be_named(command: tuple[str, ...]) -> None:
    done = attune(*command)
    assert done.exit_code == 2
    assert "--project" in done.stderr
