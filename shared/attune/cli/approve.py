"""`attune approve`: a person lets a run go on that waits for it."""

from __future__ import annotations

from collections.abc import Callable

import typer

from attune import bootstrap
from attune.cli.place import DEFAULT_REGION, Dataset, Project, Region, RunName, at_the_database, deployment
from attune.services.approve import Answer, Approving

_NOT_DONE = 1


def approve(dataset: Dataset, run: RunName, project: Project, region: Region = DEFAULT_REGION) -> None:
    """Let a run go on: to its tuning job, whatever it costs, or to the alias, once its model was tuned.

    The next tick does it, within a minute. Exits with 0 when the run is approved, by this or before, with 1 when
    nothing waits for approval, with 2 when that could not be found out.
    """
    decide(project, region, lambda approving: approving.approve(dataset, run))


def decide(project: str, region: str, asked: Callable[[Approving], Answer]) -> None:
    """Does what was asked for in the deployment's database, says what became of it, and ends with the code for that."""
    at = deployment(project, region)
    with at_the_database("the run", "roles/datastore.user"):
        answer = asked(bootstrap.approving(bootstrap.Cloud(at).ports()))
    typer.echo(answer.said, err=not answer.stands)
    raise typer.Exit(0 if answer.stands else _NOT_DONE)
