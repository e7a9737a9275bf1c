"""How commands tell of runs and times: the same words and the same JSON in all of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import orjson
import typer

from attune.domain.run import Run

_JSON = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS


def put_json(told: object) -> None:
    """Prints it as JSON: times as RFC 3339, states by their names."""
    typer.echo(orjson.dumps(told, option=_JSON).decode())


def run_json(run: Run) -> dict[str, object]:
    """All of a run's document, and the id that is made from its number."""
    return {"id": run.id, **asdict(run)}


def at(time: datetime) -> str:
    """A time for people, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def standing(run: Run) -> str:
    """The run's state, since when, and why where that is known."""
    why = run.reason or run.note
    return f"{run.state} since {at(run.changed_at)}{f': {why}' if why else ''}"
