"""Names are data: an object, a dataset or a reason may say anything, and is never a path, a format or mark-up."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from attune import log
from attune.cli import report, retry, run_report, runs, status_report
from attune.cli.app import app
from attune.config import Settings
from attune.domain.names import Candidate, classify, dataset_key, label_key, pair_id
from attune.domain.pair import PairState
from attune.domain.parked import Parked, Task
from attune.domain.run import opened
from attune.ports import Key
from attune.services.doctor.findings import Finding, Status
from attune.services.encode import recording_name, row_name, text_name
from attune.services.evaluate.places import run_figures_name, run_page_name
from attune.services.manifests import of_aliases, of_datasets, of_leases, of_pairs, of_runs, of_sweeps
from attune.services.report.places import lines_name, page_name
from attune.services.runs import WholeRun
from attune.services.status import DatasetStatus, Overview
from folders import put, voice

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DIGEST = "0a" * 32
HOSTILE = (
    "../../etc/passwd",
    "..",
    "%2e%2e%2fup",
    "//double//slash",
    "nul\0byte",
    "bell\x07 escape\x1b[31m\x1b]0;title\x07",
    "c1\x9b31m",
    'new\nline\r\n{"severity": "CRITICAL"}',
    "line\u2028separator\u2029paragraph\x85next",
    "{0}{name!r}{0.__class__}",
    "%s%n%(name)s",
    "$(reboot)`reboot`;reboot",
    "[red]x[/red][/]",
    "[link=https://elsewhere.example]here[/link]",
    ":warning: :smile:",
    "<script>alert(1)</script>",
    "\u202etxt.wav",
    "\ud800lone",
    "__reserved__",
    ".",
    "é" * 400,
    "'; DROP TABLE pairs; --",
)
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
_OURS = re.compile(r"[a-z]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


def candidates(name: str) -> list[Candidate]:
    """What the name is as a dataset's, as a file's, and as both."""
    said = (f"{name}/a.wav", f"d/{name}.txt", f"{name}/{name}.wav")
    return [found for found in map(classify, said) if isinstance(found, Candidate)]


@given(NAMES)
def test_no_name_changes_where_a_document_lies(name: str) -> None:
    for found in candidates(name):
        dataset, pair = found.dataset, pair_id(found.dataset, found.path)
        keys: list[tuple[Key[Any], int]] = [
            (of_datasets.own_settings(dataset), 2),
            (of_pairs.pair(dataset, pair), 4),
            (of_runs.run(dataset, 1), 4),
            (of_datasets.state(dataset), 2),
            (of_leases.lease(dataset), 2),
            (of_aliases.alias(dataset), 2),
            (of_sweeps.ledger(dataset), 2),
        ]
        for key, depth in keys:
            assert len(key.path) == depth
            assert not [part for part in key.path if not is_document_id(part)]


def is_document_id(part: str) -> bool:
    """Firestore's constraints on ids ("Usage and limits")."""
    return (
        0 < len(part.encode()) <= 1_500
        and "/" not in part
        and part not in {".", ".."}
        and not re.fullmatch("__.*__", part, re.DOTALL)
    )


@given(NAMES)
def test_no_name_changes_where_an_object_of_ours_lies(name: str) -> None:
    for found in candidates(name):
        key, run = dataset_key(found.dataset), opened(found.dataset, 1, 10, NOW)
        objects = (
            recording_name(key, DIGEST, found.ending),
            text_name(key, DIGEST, DIGEST),
            row_name(key, DIGEST),
            page_name(found.dataset),
            lines_name(found.dataset),
            run_page_name(run),
            run_figures_name(run),
            f"{run.folder}/train.jsonl",
        )
        assert not [where for where in objects if not _OURS.fullmatch(where) or ".." in where.split("/")]
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", f"{label_key(found.dataset)}-{run.id}")


@given(NAMES)
def test_whatever_a_line_of_the_log_tells_it_is_one_object_on_one_line(name: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        log.logger().warning(name, object=name, reasons=[name], **{f"x{name}": name})
    (line,) = out.getvalue().splitlines()
    told = json.loads(line)
    assert (told["severity"], told["message"], told["object"], told["reasons"]) == ("WARNING", name, name, [name])
    assert line.isascii()


# --- the terminal ---

RUN = replace(opened("calls", 1, 10, NOW), reason="", note=None)
PARKED = Parked(Task.INGEST, "calls/a.wav", "damaged", NOW, NOW, 5, parked=True, facts={"generation": 1})
CALLS = DatasetStatus(
    dataset="calls",
    settings=Settings(),
    errors=(),
    errors_since=None,
    pairs=dict.fromkeys(PairState, 0),
    new_pairs=0,
    waits_for=(),
    under_way=(),
    last_run=None,
    alias=None,
    reports=None,
)
TELLING: dict[str, Callable[[str, Console], None]] = {
    "runs": lambda name, console: runs.tell([replace(RUN, reason=name)], console),
    "run show": lambda name, console: run_report.tell(WholeRun(replace(RUN, reason=name), None), console),
    "doctor": lambda name, console: report.tell([Finding(Status.PROBLEM, "rights", name, name)], console),
    "retry, by name": lambda name, console: retry.tell([replace(PARKED, subject=name)], console),
    "status of all": lambda name, console: status_report.tell_all(
        Overview((replace(CALLS, dataset=name, waits_for=(name,)),), (), 0), console
    ),
    "status of one": lambda name, console: status_report.tell(
        Overview((replace(CALLS, dataset=name, errors=(name,), waits_for=(name,)),), (), 0), console
    ),
    "retry, by reason": lambda name, console: retry.tell([replace(PARKED, reason=name)], console),
}


@pytest.mark.parametrize("tell", TELLING.values(), ids=TELLING)
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_whatever_a_command_tells_it_is_shown_as_it_is_and_does_nothing_to_the_terminal(
    name: str, tell: Callable[[str, Console], None]
) -> None:
    out = io.StringIO()
    tell(name, Console(file=out, highlight=False, width=4_000))
    told = out.getvalue()
    assert [character for character in told if not character.isprintable() and character != "\n"] == []
    if name.isascii() and name.isprintable():
        assert name in told


# --- folders ---


def attune(*arguments: object) -> int:
    return CliRunner().invoke(app, [str(argument) for argument in arguments]).exit_code


def test_repaired_transcripts_are_written_nowhere_but_under_the_folder_that_was_named(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    for number, name in enumerate(("{0}%s", "[red]x[/]", "new\nline", "\x1b[31m", "\u202e", "..x", "a;reboot", "~")):
        put(folder, name, voice(number), f"\ufeffit says  number {number}")
    (folder / "out.txt").symlink_to(tmp_path / "elsewhere.txt")
    (tmp_path / "elsewhere.txt").write_text("somebody else's")
    before = listed(tmp_path)
    attune("check", folder, "--dataset", "d", "--fix", out, "--fix-all", "--jobs", 1)
    after = listed(tmp_path)
    assert {name: data for name, data in after.items() if not name.startswith("out/")} == before
    written = {name.removeprefix("out/") for name in after if name.startswith("out/")}
    assert written
    assert written <= {name.removeprefix("in/") for name in before}


@pytest.mark.parametrize("dataset", ["../d", "..", ".", "/d", "a/b", "__x__", ""])
def test_a_dataset_that_would_lie_elsewhere_is_refused_before_anything_is_written(dataset: str, tmp_path: Path) -> None:
    put(tmp_path / "in", "a", voice(1), "\ufeffit says one")
    code = attune("check", tmp_path / "in", "--dataset", dataset, "--fix", tmp_path / "out", "--jobs", 1)
    assert code == 2 or not dataset  # none named: the folder's own name
    assert listed(tmp_path).keys() <= {"in/a.wav", "in/a.txt", "out/a.txt"}


def listed(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
