"""`attune reject`: a person ends a run that waits for approval."""

from __future__ import annotations

from typing import Annotated

import typer

from attune import bootstrap
from attune.cli.answer import answer
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, RunName


def reject(
    dataset: Dataset,
    run: RunName,
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands on the run and is announced.")] = "a person rejected it",
    as_data: Data = False,
) -> None:
    """End a run that waits for approval: no job is asked for, or its model is not put behind the alias.

    Exits with 0 when the run is ended, by this or before, with 1 when nothing waits for approval, with 2 when that
    could not be found out.
    """
    answer(
        project,
        region,
        "the run",
        lambda ports, _: bootstrap.approving(ports).reject(dataset, run, reason),
        as_data=as_data,
    )
