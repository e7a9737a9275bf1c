"""`attune retry`: events that could not be worked on are listed, or tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune import bootstrap, world
from attune.cli.lineage import in_the_intake
from attune.cli.place import DEFAULT_REGION, Data, Project, Region, at_the_database, deployment
from attune.cli.telling import at, put_json
from attune.domain.parked import Parked
from attune.services.check.folder import shown
from attune.services.retry import Asking

_NOT_PARKED = 1
_Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="OBJECT|DATASET", help="What is to be tried again; a dataset or folder is all that is under it."
    ),
]


def retry(
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    names: _Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Try all of it again.")] = False,
    as_data: Data = False,
) -> None:
    """Show the events that could not be worked on, with why; or have them tried again at the next tick, by name or all.

    Listing takes roles/datastore.viewer, asking roles/datastore.user. Exits with 0 when another try was asked for, or
    none was wanted; with 1 when nothing of what was named is parked; with 2 when that could not be found out.
    """
    if names and everything:
        raise typer.BadParameter("name what is to be tried again, or say --all: one of both")
    where = deployment(project, region)
    wanted = [in_the_intake(name, where.intake_bucket) for name in names or ()]
    asking = bool(wanted) or everything
    with at_the_database("what is parked", "roles/datastore.user" if asking else "roles/datastore.viewer"):
        service = bootstrap.retry(world.Cloud(where).ports())
        found = service(None) if everything else ask(service, wanted) if wanted else service.parked()
    if as_data:
        put_json([{"id": each.id, **asdict(each)} for each in found])
    elif asking:
        tell_asked(found, wanted)
    else:
        tell(found, Console(highlight=False))
    raise typer.Exit(_NOT_PARKED if wanted and not found else 0)


def tell(found: Sequence[Parked], console: Console) -> None:
    """A line for each."""
    if not found:
        console.print("nothing is parked")
        return
    table = Table("task", "subject", "since", "deliveries", "reason", box=None, pad_edge=False)
    for each in found:
        reason = f"{each.reason} (to be tried again)" if each.again else each.reason
        told = (Text(shown(each.subject)), at(each.first_at), f"{each.deliveries:,}", Text(shown(reason)))
        table.add_row(each.task, *told)
    console.print(table)


def is_named(parked: Parked, name: str) -> bool:
    """Whether a name is that of its object or dataset, or of a folder above it."""
    return parked.subject == name or parked.subject.startswith(f"{name.rstrip('/')}/")


def ask(service: Asking, wanted: Sequence[str]) -> list[Parked]:
    """Asks for what is parked under these names; where nothing is, there is nothing to ask for."""
    subjects = {each.subject for each in service.parked() if any(is_named(each, name) for name in wanted)}
    return service(subjects) if subjects else []


def tell_asked(found: Sequence[Parked], wanted: Sequence[str]) -> None:
    """What is to be tried again, and what was named and is not parked."""
    for each in found:
        typer.echo(f"{each.task} {shown(each.subject)}: to be tried again at the next tick")
    for name in wanted:
        if not any(is_named(each, name) for each in found):
            typer.echo(f"{shown(name)}: nothing of it is parked, or it is being tried at this moment", err=True)
    if not found and not wanted:
        typer.echo("nothing is parked")
