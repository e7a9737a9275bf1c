"""How lineage is told: lines on each run of an object, a line for each object of a model, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

from attune.cli.telling import at, put_json, standing
from attune.domain.lineage import Tenure, Training
from attune.domain.pair import Half, Pair
from attune.domain.run import Run
from attune.domain.split import Split
from attune.services.check.folder import shown
from attune.services.lineage import Behind, Standing, Trace, Use

_WIDTH = 12
Line = tuple[str, str]
_TRAINED = {
    Training.TRAINED: "trained on it",
    Training.UNDER_WAY: "not trained on it yet: the run is under way",
    Training.NO_MODEL: "its job ended, and no model of it is known",
    Training.NO_JOB: "not trained on it: the run never had a job",
}


def tell_trace(trace: Trace, console: Console) -> None:
    """All of it, a run after the other."""
    if trace.unknown or trace.pair is None:
        typer.echo(f"{trace.name}: {trace.unknown}", err=True)
        return
    _lines(_head(trace, trace.pair), console)
    for use in trace.uses:
        console.print()
        _lines(_use(use), console)


def tell_behind(behind: Behind, console: Console) -> None:
    """What it is in all, then a line for each object: run, side, generation, name."""
    _lines(_model(behind), console)
    for layer in behind.layers:
        for each in layer.objects():
            typer.echo(f"{each.run}  {each.side}  {each.generation}  {each.name}")


def put_trace(trace: Trace) -> None:
    """The same as JSON."""
    put_json(
        {
            "object": trace.name,
            "unknown": trace.unknown,
            "unread": trace.unread,
            "pair": _pair_data(trace.pair) if trace.pair else None,
            "runs": [_use_data(use) for use in trace.uses],
        }
    )


def put_behind(behind: Behind) -> None:
    """The same as JSON: one document, in which each object has a line of its own, printed as it is read."""
    current = behind.alias.current
    told = {
        "alias": behind.alias.name,
        "since": behind.alias.moved_at,
        "dataset": current.dataset,
        "model": current.model,
        "endpoint": current.endpoint,
        "runs": [_run_data(layer.run) for layer in behind.layers],
        "rows": behind.rows,
        "distinct_objects": behind.objects,
        "unread": behind.unread,
    }
    head = orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    typer.echo(f'{head.removesuffix("}").rstrip()},\n  "objects": [', nl=False)
    comma = ""
    for layer in behind.layers:
        for each in layer.objects():
            typer.echo(f"{comma}\n    {orjson.dumps(asdict(each)).decode()}", nl=False)
            comma = ","
    typer.echo("\n  ]\n}")


def _head(trace: Trace, pair: Pair) -> Iterator[Line]:
    yield "object", trace.name
    here = [half for half in (pair.audio, pair.transcript) if half]
    yield "pair", f"{pair.path} of {pair.dataset}, {pair.state}" + "".join(f"; {_live(half)}" for half in here)
    gone = [half for half in pair.erased if half.name == trace.name]
    yield from (("erased", f"generation {half.generation}, and all before it") for half in gone)
    if not trace.uses:
        yield "runs", "none of which it is known had it in its files" if trace.unread else "none had it in its files"


def _live(half: Half) -> str:
    return f"{half.name} is of generation {half.generation}"


def _use(use: Use) -> Iterator[Line]:
    run = use.by.run
    yield "run", f"{run.id} of {run.dataset}, {standing(run)}"
    yield "generation", f"{use.half.generation}, {use.presence}"
    yield "side", _side(use)
    if use.dropped is not None:
        yield "dropped", f"the service left its row out, or cut it short: {use.dropped}"
    yield from _of_the_model(run)
    yield from _labelled("aliases", [_tenure(each) for each in use.by.tenures])
    yield from _labelled("on top of it", [line for heir in use.heirs for line in _heir(heir)])


def _side(use: Use) -> str:
    if use.split is Split.TRAIN and use.by.training is Training.UNDER_WAY and use.by.run.job:
        return "training: its job is under way with it"
    if use.split is Split.TRAIN:
        return f"training: {_TRAINED[use.by.training]}"
    return "hold-out: not trained on it, only measured"


def _of_the_model(run: Run) -> Iterator[Line]:
    yield "job", run.job or "none"
    if run.model:
        yield "model", run.model
    if run.endpoint:
        yield "endpoint", run.endpoint


def _heir(heir: Standing) -> Iterator[str]:
    run = heir.run
    yield f"{run.id} of {run.dataset}, {standing(run)}"
    yield f"  {run.model or 'no model'}{f' behind {run.endpoint}' if run.endpoint else ''}"
    yield from (f"  {_tenure(each)}" for each in heir.tenures)


def _tenure(tenure: Tenure) -> str:
    if tenure.until is None:
        return f"{tenure.alias} stands for it since {at(tenure.since)}"
    return f"{tenure.alias} stood for it from {at(tenure.since)} to {at(tenure.until)}"


def _model(behind: Behind) -> Iterator[Line]:
    alias, current = behind.alias, behind.alias.current
    yield "alias", f"{alias.name} stands for {current.run} of {current.dataset} since {at(alias.moved_at)}"
    yield "model", current.model
    yield "endpoint", current.endpoint
    yield "runs", ", then ".join(f"{layer.run.id} of {layer.run.dataset}" for layer in behind.layers) or "none"
    yield "rows", f"{behind.rows:,} on the training side, of {behind.objects:,} objects"
    if dropped := sum(layer.run.dropped_count for layer in behind.layers):
        yield "dropped", f"{dropped:,} of the rows were left out or cut short by the service: attune run show"


def _pair_data(pair: Pair) -> dict[str, Any]:
    halves = [half for half in (pair.audio, pair.transcript) if half]
    return {
        "dataset": pair.dataset,
        "path": pair.path,
        "state": pair.state,
        "live": [asdict(half) for half in halves],
        "erased": [asdict(half) for half in pair.erased],
    }


def _use_data(use: Use) -> dict[str, Any]:
    return {
        **_standing_data(use.by),
        "name": use.half.name,
        "generation": use.half.generation,
        "presence": use.presence,
        "side": use.split,
        "trained_on": use.is_trained_on,
        "dropped": use.dropped,
        "on_top_of_it": [_standing_data(heir) for heir in use.heirs],
    }


def _standing_data(told: Standing) -> dict[str, Any]:
    return {**_run_data(told.run), "training": told.training, "aliases": [asdict(each) for each in told.tenures]}


def _run_data(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "dataset": run.dataset,
        "state": run.state,
        "since": run.changed_at,
        "reason": run.reason,
        "job": run.job,
        "model": run.model,
        "endpoint": run.endpoint,
        "started_from": run.started_from,
        "dropped_count": run.dropped_count,
    }


def _labelled(label: str, sentences: list[str]) -> Iterator[Line]:
    yield from zip((label, *[""] * len(sentences)), sentences, strict=False)


def _lines(lines: Iterator[Line], console: Console) -> None:
    for label, said in lines:
        console.print(Text(f"{label:<{_WIDTH}}  ", style="bold").append(shown(said), style="default"))
