"""How a command that changes something ends: what became of it, in a sentence or JSON, and the code for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import typer

from attune import world
from attune.bootstrap import Ports
from attune.cli.place import at_the_database, deployment, stop
from attune.cli.telling import put_json
from attune.deployment import Deployment
from attune.errors import UnavailableError
from attune.services.approve import Answer

_NOT_DONE = 1


def answer(
    project: str, region: str, what: str, ask: Callable[[Ports, Deployment], Answer], *, as_data: bool = False
) -> None:
    """Does what is asked for in the deployment, and says what became of it; `{"stands", "said"}` as JSON."""
    at = deployment(project, region)
    with at_the_database(what, "roles/datastore.user"):
        try:
            given = ask(world.Cloud(at).ports(), at)
        except UnavailableError as lost:
            stop(str(lost))  # which service it was, only its adapter knows
    if as_data:
        put_json(asdict(given))
    else:
        typer.echo(given.said, err=not given.stands)
    raise typer.Exit(0 if given.stands else _NOT_DONE)
