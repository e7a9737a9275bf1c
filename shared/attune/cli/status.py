"""`attune status`: how the datasets and the intake bucket stand, and what aliases stand for."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from attune import bootstrap, world
from attune.cli.place import DEFAULT_REGION, Data, Project, Region, at_the_database, deployment
from attune.cli.status_report import as_data_of, tell, tell_all
from attune.cli.telling import put_json

_NOT_THERE = 1
_Dataset = Annotated[
    str, typer.Argument(metavar="[DATASET]", help="One dataset, with all there is to say.", show_default=False)
]


def status(project: Project, region: Region = DEFAULT_REGION, *, dataset: _Dataset = "", as_data: Data = False) -> None:
    """Show every dataset in a line, or one in full: settings, pairs, what its next run waits for, runs, alias, reports.

    Of the intake bucket: its objects against what is known of them, as the last pass over it counted them, how far the
    present pass has got, which events could not be worked on, and how many pairs are still to be forgotten.

    Nothing is written. Exits with 0 when there is something to show (whatever it is), with 1 when there is no such
    dataset, with 2 when that could not be found out.
    """
    where = deployment(project, region)
    with at_the_database("the manifests", "roles/datastore.viewer"):
        overview = bootstrap.status(world.Cloud(where).ports(), where)(dataset or None)
    if dataset and not overview.datasets:
        typer.echo(f"there is no dataset {dataset}: no settings, and no pair", err=True)
        raise typer.Exit(_NOT_THERE)
    console = Console(highlight=False, soft_wrap=bool(dataset))
    if as_data:
        put_json(as_data_of(overview))
    elif dataset:
        tell(overview, console)
    else:
        tell_all(overview, console)
