"""`attune check`: what would become of a folder's files, before they are uploaded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from attune.cli.check_json import as_json
from attune.cli.check_report import tell
from attune.cli.check_settings import settings_of
from attune.config import Settings
from attune.domain.run import Plan
from attune.ports import Ear
from attune.services.check.check import check as check_pairs
from attune.services.check.checked import Checked
from attune.services.check.fixing import repairs_fault
from attune.services.check.folder import Listing, dataset_fault, listing, walk
from attune.services.check.look import Place, Repairs
from attune.services.check.planned import planned
from attune.services.doctor.names import dataset_bucket

_REFUSED, _COULD_NOT_CHECK = 1, 2
_SOME_BUCKET = dataset_bucket("your-project")
_BETWEEN_DRAWINGS = 0.1  # seconds


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="One dataset's files, as they will lie in its folder.")],
    *,
    dataset: Annotated[str, typer.Option(help="The dataset's name, if it is not the folder's.")] = "",
    own: Annotated[Path | None, typer.Option("--settings", help="The dataset's settings, as a JSON file.")] = None,
    defaults: Annotated[Path | None, typer.Option(help="The settings of all datasets, as a JSON file.")] = None,
    out: Annotated[Path | None, typer.Option("--fix", help="Write repaired transcripts to this folder.")] = None,
    fix_all: Annotated[bool, typer.Option("--fix-all", help="With --fix: write every transcript.")] = False,
    bucket: Annotated[
        str, typer.Option("--dataset-bucket", envvar="ATTUNE_DATASET_BUCKET", help="Its name is part of most rows.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for anything to look at, too.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show pairs without findings, too.")] = False,
    as_data: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Judge a folder by the rules that judge every pair on arrival, and change nothing.

    Exits with 0 when no pair would be refused, with 1 when one would, with 2 when not everything could be checked.
    """
    place = _place(folder, dataset, _settings(defaults, own), _repairs(folder, out, every=fix_all))
    found = listing(place.dataset, walk(folder))
    try:
        checked = _check(found, place, jobs)
    except (OSError, BrokenProcessPool) as error:
        _stop(f"The check broke off: {error}")
    plan = planned(checked, place.settings, bucket or _SOME_BUCKET)
    if as_data:
        typer.echo(as_json(checked, plan, bucket or None))
    else:
        tell(checked, _noted(plan, bucket), Console(highlight=False), everything=everything)
    raise typer.Exit(_exit_code(checked, strict=strict))


def _check(found: Listing, place: Place, jobs: int) -> Checked:
    """The check, behind a bar that moves only when there is news: a thread that drew it would be forked, too."""
    console = Console(stderr=True)
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not console.is_terminal or not found.couples
    with Progress(*columns, console=console, auto_refresh=False, transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=len(found.couples))
        return check_pairs(found, place, jobs, _now_and_then(lambda done: _draw(progress, bar, done)))


def _draw(progress: Progress, bar: TaskID, done: int) -> None:
    progress.update(bar, completed=done, refresh=True)


def _now_and_then(told: Callable[[int], None]) -> Callable[[int], None]:
    """Passes news on ten times a second at most."""
    due = 0.0

    def tell_if_due(done: int) -> None:
        nonlocal due
        if (now := time.monotonic()) >= due:
            due = now + _BETWEEN_DRAWINGS
            told(done)

    return tell_if_due


def _place(folder: Path, dataset: str, settings: Settings, repairs: Repairs | None) -> Place:
    if not folder.is_dir():
        _stop(f"There is no folder {folder}.")
    name = dataset or folder.resolve().name
    if fault := dataset_fault(name):
        _stop(f"{name!r} cannot be a dataset's name: {fault}. Give another with --dataset.")
    return Place(folder.resolve(), name, settings, _ear(), repairs)


def _ear() -> Ear:
    from attune.adapters.ear import LibraryEar  # noqa: PLC0415 - the other commands decode nothing
    from attune.adapters.sound import packets, pcm  # noqa: F401, PLC0415 - once here, or each process would import them

    return LibraryEar()


def _settings(defaults: Path | None, own: Path | None) -> Settings:
    settings = settings_of(defaults, own)
    if not isinstance(settings, Settings):
        _stop(*settings)
    return settings


def _repairs(folder: Path, out: Path | None, *, every: bool) -> Repairs | None:
    if out is None:
        if every:
            _stop("--fix-all needs --fix, which says where to write.")
        return None
    if fault := repairs_fault(folder, out):
        _stop(fault)
    return Repairs(out.resolve(), every)


def _noted(plan: Plan, bucket: str) -> Plan:
    """The plan, with a word on what was assumed for it."""
    if bucket:
        return plan
    note = f"bytes are those of a dataset bucket named like {_SOME_BUCKET}: --dataset-bucket names yours"
    return replace(plan, notes=(*plan.notes, note))


def _stop(*sentences: str) -> NoReturn:
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(_COULD_NOT_CHECK)


def _exit_code(checked: Checked, *, strict: bool) -> int:
    if not checked.judged or not checked.complete:
        return _COULD_NOT_CHECK
    return _REFUSED if checked.refused or (strict and not checked.spotless) else 0
