"""`attune rollback`: an alias goes back to what it stood for before."""

from __future__ import annotations

from typing import Annotated

import typer

from attune import bootstrap
from attune.cli.answer import answer
from attune.cli.place import DEFAULT_REGION, Data, Project, Region

_Alias = Annotated[str, typer.Argument(help="The alias.", show_default=False)]
_To = Annotated[
    str, typer.Option(metavar="RUN", help="A run that it stood for: r000012, 12 or DATASET/12.", show_default=False)
]


def rollback(
    alias: _Alias,
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    to: _To = "",
    reason: Annotated[str, typer.Option(help="Why; it stands on the run and is announced.")] = "a person asked for it",
    as_data: Data = False,
) -> None:
    """Move an alias back to the run it stood for before, or to any that it ever stood for.

    The run that it leaves gets it again by --to only; later runs get it as ever. Without --to, each call goes one run
    further back. Exits with 0 when the alias stands for the run, by this or before, with 1 when there is no such alias
    or nothing to go back to, with 2 when that could not be found out.
    """
    answer(
        project,
        region,
        f"the alias {alias}",
        lambda ports, _: bootstrap.rolling_back(ports)(alias, reason, to or None),
        as_data=as_data,
    )
