"""`attune plan`: what a dataset's run would be if it were cut now."""

from __future__ import annotations

import typer
from rich.console import Console

from attune import bootstrap, world
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, at_the_database, deployment
from attune.cli.plan_report import as_json, exit_code, tell


def plan(dataset: Dataset, project: Project, region: Region = DEFAULT_REGION, *, as_data: Data = False) -> None:
    """Show what a run cut now would be: rows, hours, tokens, bytes, cost, and the limit that binds first.

    Nothing is written. Exits with 0 when such a run would be launched, with 1 when it would be refused or wait for
    approval, with 2 when that could not be found out.
    """
    at = deployment(project, region)
    with at_the_database(f"the manifests of {dataset}", "roles/datastore.viewer"):
        outlook = bootstrap.forecast(world.Cloud(at).ports(), at)(dataset)
    if as_data:
        typer.echo(as_json(outlook))
    else:
        tell(outlook, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(exit_code(outlook))
