"""`attune evaluate`: any models and recognisers on any folder of pairs, the first against each of the others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from attune import world
from attune.adapters.ear import LibraryEar
from attune.cli.check_settings import settings_of
from attune.cli.evaluate_report import Told, as_data_of, save, tell
from attune.cli.evaluate_targets import Named, Room, answering, as_trained, named, prices
from attune.cli.place import COULD_NOT_LOOK, DEFAULT_REGION, Data, Project, Region, stop
from attune.cli.telling import put_json
from attune.config import Settings
from attune.domain.evaluation.gate import Limits
from attune.domain.row import RowFormat
from attune.errors import AttuneError
from attune.services.evaluate.folder import Chosen, PairFolder
from attune.services.evaluate.interview import Answers, Interview
from attune.services.evaluate.kept import kept_in
from attune.services.evaluate.side_by_side import Bench

_NOT_BETTER, _BROKEN_OFF = 1, 130
_MOST_AT_ONCE = 64
_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Pairs of a recording and its text, at any depth.")]
_Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="Who is measured: an endpoint's resource name, a base model's name, alias:NAME, pocketsphinx, or "
        "faster-whisper:MODEL (a size in your cache, or a folder with weights).",
    ),
]


@dataclass(frozen=True, slots=True)
class _Ways:
    """How questions are asked and told of."""

    language: str
    at_once: int
    answers: Path
    confidence: float
    priced_as: str | None


def evaluate(
    folder: _Folder,
    target: _Target,
    *,
    against: Annotated[list[str] | None, typer.Option(help="Whom to compare it with; may be given again.")] = None,
    prompt: Annotated[str, typer.Option(help="What is asked, if not what the settings or the alias say.")] = "",
    row_format: Annotated[
        RowFormat | None, typer.Option(help="file_uri: the recording before the prompt; inline_data: after it.")
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option("--settings", help="The dataset's settings, as a JSON file: its prompts, tasks, speakers."),
    ] = None,
    language: Annotated[str, typer.Option(help="Of the words, as BCP 47, if not as in the settings.")] = "",
    examples: Annotated[int, typer.Option(min=1, help="Ask at most so many pairs.")] = 200,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="How sure it must be to be better.")] = 0.9,
    at_once: Annotated[int, typer.Option(min=1, max=_MOST_AT_ONCE, help="Questions under way at a time.")] = 8,
    answers: Annotated[Path | None, typer.Option(help="Where answers are kept, if not in your cache.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write what is shown to this HTML file, too.")] = None,
    worst: Annotated[int, typer.Option(min=0, help="Show what was said and heard in so many of the worst.")] = 0,
    project: Project = "",
    region: Region = DEFAULT_REGION,
    as_data: Data = False,
) -> None:
    """Have models and speech recognisers transcribe a folder's recordings, and compare them utterance by utterance.

    They are asked with the prompt and the row format of the first alias among them, or with those of --settings.

    Answers are kept as they come, in ~/.cache/attune/answers (a file for each folder, readable by you alone), so that
    a command that was broken off goes on and pays for nothing twice; other questions or models are asked anew. An
    endpoint that has been given another model is known by its name only: give another file with --answers then.

    Exits with 0 when the target is better than every other with the confidence asked for (without --against: when it
    was measured), with 1 when it is not, with 2 when that could not be found out, with 130 when it was broken off.
    """
    if not folder.is_dir():
        stop(f"There is no folder {folder}.")
    targets = named((target, *(against or ())), project, region)
    settings = _settings(own, targets, prompt, row_format)
    ways = _Ways(
        language or settings.language,
        at_once,
        answers or _in_the_cache(folder),
        confidence,
        settings.base_model if own else None,
    )
    with _sentences():
        told = _evaluate(PairFolder(folder.resolve(), settings, LibraryEar()), examples, targets, project, region, ways)
    _show(told, worst, report, as_data=as_data)
    raise typer.Exit(_exit_code(told))


def _evaluate(pairs: PairFolder, most: int, targets: list[Named], project: str, region: str, ways: _Ways) -> Told:
    chosen = pairs.choose(most)
    if not chosen.examples:
        stop(f"There is no pair to ask in {pairs.folder}: attune check says what is wrong with each file.")
    with answering(targets, project, region, ways.language) as room:
        answers = _asked(pairs, chosen, room, ways)
        limits = Limits(confidence=ways.confidence)
        scorer = world.Cloud.scorer(ways.language)
        bench = Bench(scorer, limits, prices(targets, ways.priced_as), world.now())
        measured = bench.measure(chosen.examples, chosen.pairs, room.contenders, answers)
    names = {each.target: each.name for each in targets}
    return Told(pairs, chosen, names, tuple(room.contenders), answers, measured, limits, scorer, bench.at)


def _asked(pairs: PairFolder, chosen: Chosen, room: Room, ways: _Ways) -> Answers:
    total = len(chosen.examples) * len(room.contenders)
    with kept_in(ways.answers, world.now) as kept, _progress(total) as told:
        interview = Interview(room.answering, lambda example: pairs.question(example, chosen), kept, ways.at_once, told)
        return interview(chosen.examples, room.contenders)


def _settings(own: Path | None, targets: list[Named], prompt: str, row_format: RowFormat | None) -> Settings:
    """What the options say, else the settings file, else the alias, else the defaults."""
    found = settings_of(None, own)
    if not isinstance(found, Settings):
        stop(*found)
    phrased = found if own else as_trained(found, targets)
    said: dict[str, Any] = {"prompt": prompt or phrased.prompt, "row_format": row_format or phrased.row_format}
    return phrased.model_copy(update=said)


def _in_the_cache(folder: Path) -> Path:
    """Named by the folder alone: other targets go on with what is known of the same questions."""
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return place / "attune" / "answers" / f"{digest}.jsonl"


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=total)
        yield lambda done: progress.update(bar, completed=done)


@contextmanager
def _sentences() -> Iterator[None]:
    """Around the asking: what ends it, in a sentence, with the exit code that goes with it."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Broken off: what was answered is kept, and the same command goes on with the rest.", err=True)
        raise typer.Exit(_BROKEN_OFF) from None
    except AttuneError as trouble:
        stop(str(trouble))
    except OSError as error:
        stop(f"The evaluation broke off: {error}")


def _show(told: Told, worst: int, report: Path | None, *, as_data: bool) -> None:
    if as_data:
        put_json(as_data_of(told))
    else:
        tell(told, Console(highlight=False), worst)
    if report is not None:
        try:
            save(told, report, worst)
        except OSError as error:
            stop(f"{report} cannot be written: {error.strerror}")


def _exit_code(told: Told) -> int:
    if len(told.contenders) == 1:
        return 0
    if told.measured.better is None:
        typer.echo("Nothing could be compared: no reference has words, or nobody answered.", err=True)
        return COULD_NOT_LOOK
    return 0 if told.measured.better else _NOT_BETTER
