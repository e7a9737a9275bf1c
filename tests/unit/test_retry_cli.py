"""What `attune retry` prints, what it asks for, and with which code it ends."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from attune.cli.app import app
from attune.cli.retry import ask, is_named, tell, tell_asked
from attune.domain.parked import Parked, Task
from attune.ports import Create
from attune.services.manifests import of_parked
from attune.services.retry import Asking
from attune_local.twins.documents import MemoryDocuments

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
OBJECT = Parked(Task.INGEST, "calls/a.wav", "it is damaged", NOW, NOW, 5, parked=True, facts={"generation": 1})
OTHER = replace(OBJECT, subject="calls/b.txt", facts={"generation": 2})
LAUNCH = Parked(Task.LAUNCH, "calls", "no files", NOW, NOW, 1, parked=True, facts={"run": 1})
ELSEWHERE = replace(LAUNCH, subject="callsign")
COMING = replace(OBJECT, parked=False, deliveries=2, facts={"generation": 3})


@pytest.fixture
def documents() -> MemoryDocuments:
    kept = MemoryDocuments()
    for each in (OBJECT, OTHER, LAUNCH, ELSEWHERE, COMING):
        kept.commit(Create(of_parked.parked(each.id), each))
    return kept


def again(documents: MemoryDocuments) -> set[str]:
    return {read.value.subject for read in documents.find(of_parked.events_to_try_again())}


def printed(say: Callable[[Console], None]) -> list[str]:
    out = io.StringIO()
    say(Console(file=out, highlight=False, width=200))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def attune(*arguments: str, **variables: str | None) -> Result:
    empty = {"ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None, "FIRESTORE_EMULATOR_HOST": None}
    return CliRunner(env=empty | variables).invoke(app, arguments)


def test_each_event_has_its_line_with_why() -> None:
    assert printed(lambda console: tell([OBJECT, replace(LAUNCH, again=True)], console)) == [
        "task    subject      since                    deliveries  reason",
        "ingest  calls/a.wav  2026-01-01 12:30:00 UTC  5           it is damaged",
        "launch  calls        2026-01-01 12:30:00 UTC  1           no files (to be tried again)",
    ]
    assert printed(lambda console: tell([], console)) == ["nothing is parked"]


def test_an_object_is_named_by_itself_and_by_every_folder_above_it() -> None:
    assert [is_named(OBJECT, name) for name in ("calls/a.wav", "calls", "calls/", "call", "calls/a")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["calls/a.wav"], {"calls/a.wav"}),
        (["calls"], {"calls/a.wav", "calls/b.txt", "calls"}),
        (["calls/b.txt", "callsign"], {"calls/b.txt", "callsign"}),
        (["other"], set()),
    ],
)
def test_what_is_named_is_asked_for_and_nothing_else(
    documents: MemoryDocuments, named: list[str], expected: set[str]
) -> None:
    assert {each.subject for each in ask(Asking(documents), named)} == expected
    assert again(documents) == expected


def test_all_is_all_that_is_parked(documents: MemoryDocuments) -> None:
    assert len(Asking(documents)(None)) == 4
    assert again(documents) == {"calls/a.wav", "calls/b.txt", "calls", "callsign"}


def test_what_was_asked_for_is_said_and_what_is_not_parked_too(capsys: pytest.CaptureFixture[str]) -> None:
    tell_asked([OBJECT], ["calls/a.wav", "other"])
    tell_asked([], [])
    told = capsys.readouterr()
    assert told.out == "ingest calls/a.wav: to be tried again at the next tick\nnothing is parked\n"
    assert told.err == "other: nothing of it is parked, or it is being tried at this moment\n"


def test_names_and_all_are_not_said_at_once() -> None:
    done = attune("retry", "calls", "--all", "--project=p")
    assert (done.exit_code, "one of both" in done.stderr) == (2, True)


@pytest.mark.parametrize("named", [(), ("calls/a.wav",), ("--all",)])
def test_without_credentials_nothing_can_be_looked_at(named: tuple[str, ...], tmp_path: Path) -> None:
    done = attune(
        "retry",
        *named,
        "--project=p",
        HOME=str(tmp_path),
        NO_GCE_CHECK="true",
        GOOGLE_APPLICATION_CREDENTIALS=None,
        CLOUDSDK_CONFIG=str(tmp_path),
    )
    assert done.exit_code == 2
    assert done.stderr == "there are no Google credentials here\n→ gcloud auth application-default login\n"


def test_a_project_has_to_be_named() -> None:
    done = attune("retry")
    assert done.exit_code == 2
    assert "--project" in done.stderr
