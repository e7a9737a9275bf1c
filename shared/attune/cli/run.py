"""`attune run show`: all there is of one run."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.console import Console

from attune import bootstrap, world
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, RunName, at_the_database, deployment
from attune.cli.run_report import tell
from attune.cli.telling import put_json, run_json

_NOT_THERE = 1
run = typer.Typer(no_args_is_help=True, help="Look at one run.")


@run.callback()
def _one() -> None:
    """Makes `show` a word of its own, though it is the only one."""


@run.command()
def show(
    dataset: Dataset,
    run: RunName,
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    as_data: Data = False,
) -> None:
    """Show a run whole: its recipe, plan, files, job, every state it was in, and the scores of its model.

    Exits with 0 when there is such a run, with 1 when there is none, with 2 when that could not be found out.
    """
    where = deployment(project, region)
    with at_the_database("the run", "roles/datastore.viewer"):
        found = bootstrap.runs(world.Cloud(where).ports()).whole(dataset, run)
    if found is None:
        typer.echo(f"{dataset} has no run {run}", err=True)
        raise typer.Exit(_NOT_THERE)
    if as_data:
        put_json({**run_json(found.run), "evaluation": asdict(found.evaluation) if found.evaluation else None})
    else:
        tell(found, Console(highlight=False, soft_wrap=True))
