"""`attune cancel`: a run is given up, and its tuning job with it."""

from __future__ import annotations

from typing import Annotated

import typer

from attune import bootstrap
from attune.cli.answer import answer
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, RunName


def cancel(
    dataset: Dataset,
    run: RunName,
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands on the run and is announced.")] = "a person cancelled it",
    as_data: Data = False,
) -> None:
    """Cancel a run: at once where no job was asked for yet, else its tuning job too. It is not promoted any more.

    Where there is a job it takes roles/aiplatform.user, too. Exits with 0 when the run is cancelled, by this or before,
    with 1 when it has ended otherwise, with 2 when that could not be found out.
    """
    answer(
        project,
        region,
        "the run",
        lambda ports, at: bootstrap.cancelling(ports, at)(dataset, run, reason),
        as_data=as_data,
    )
