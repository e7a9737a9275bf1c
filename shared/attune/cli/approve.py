"""`attune approve`: a person lets a run go on that waits for it."""

from __future__ import annotations

from attune import bootstrap
from attune.cli.answer import answer
from attune.cli.place import DEFAULT_REGION, Data, Dataset, Project, Region, RunName


def approve(
    dataset: Dataset, run: RunName, project: Project, region: Region = DEFAULT_REGION, *, as_data: Data = False
) -> None:
    """Let a run go on: to its tuning job, whatever it costs, or to the alias, once its model was tuned.

    The next tick does it, within a minute. Exits with 0 when the run is approved, by this or before, with 1 when
    nothing waits for approval, with 2 when that could not be found out.
    """
    answer(
        project,
        region,
        "the run",
        lambda ports, _: bootstrap.approving(ports).approve(dataset, run),
        as_data=as_data,
    )
