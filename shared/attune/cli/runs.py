"""`attune runs`: a dataset's runs, the newest first."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune import bootstrap, world
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, at_the_database, deployment
from attune.cli.telling import at, put_json, run_json
from attune.domain.run import Run
from attune.services.check.folder import shown

_NONE = 1


def runs(
    dataset: Dataset,
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="No more than so many.")] = 20,
    as_data: Data = False,
) -> None:
    """Show a dataset's runs, the newest first.

    Exits with 0 when there are any, with 1 when there is none, with 2 when that could not be found out.
    """
    where = deployment(project, region)
    with at_the_database(f"the runs of {dataset}", "roles/datastore.viewer"):
        found = bootstrap.runs(world.Cloud(where).ports()).newest(dataset, limit)
    if as_data:
        put_json([run_json(run) for run in found])
    elif found:
        tell(found, Console(highlight=False))
    else:
        typer.echo(f"{dataset} has no run", err=True)
    raise typer.Exit(0 if found else _NONE)


def tell(found: list[Run], console: Console) -> None:
    """A line a run."""
    table = Table("run", "state", "since", "pairs", "rows", "hold-out", "hours", "why", box=None, pad_edge=False)
    for run in found:
        table.add_row(run.id, run.state, at(run.changed_at), *_figures(run), Text(shown(run.reason or run.note or "")))
    console.print(table)


def _figures(run: Run) -> tuple[str, ...]:
    train, validation = run.train, run.validation
    return (
        f"{run.pairs_taken:,}",
        f"{train.rows:,}" if train else "-",
        f"{validation.rows:,}" if validation else "-",
        f"{train.seconds / 3600:,.2f}" if train else "-",
    )
