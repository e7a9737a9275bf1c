"""Where a command looks: the deployment that options and variables tell of, and what keeps it from being reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from attune.adapters.reach import reaching
from attune.deployment import Deployment
from attune.errors import AttuneError
from attune.ports_project import UnseenError
from attune.services.doctor.names import dataset_bucket, intake_bucket

COULD_NOT_LOOK = 2
DEFAULT_REGION = "us-central1"
Project = Annotated[
    str,
    typer.Option(envvar=["ATTUNE_PROJECT", "GOOGLE_CLOUD_PROJECT"], help="The project's id.", show_default=False),
]
Region = Annotated[str, typer.Option(envvar="ATTUNE_REGION", help="Where functions, buckets and jobs are.")]
Dataset = Annotated[str, typer.Argument(help="The dataset's name: the first folder of its files.", show_default=False)]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="The run: r000012, or 12.", show_default=False)]
Data = Annotated[bool, typer.Option("--json", help="JSON instead of lines.")]


def deployment(project: str, region: str) -> Deployment:
    """The deployment. Other names than those that infra gives are in the variables ATTUNE_INTAKE_BUCKET and so on."""
    named = {
        "ATTUNE_INTAKE_BUCKET": intake_bucket(project),
        "ATTUNE_DATASET_BUCKET": dataset_bucket(project),
        **{name: value for name, value in os.environ.items() if value},
        "ATTUNE_PROJECT": project,
        "ATTUNE_REGION": region,
    }
    try:
        return Deployment.from_environment(named)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        stop(*(f"ATTUNE_{str(error['loc'][0]).upper()} cannot be used: {error['msg']}" for error in errors))


@contextmanager
def at_the_database(what: str, role: str) -> Iterator[None]:
    """Around what a command asks of the database: a sentence and exit code 2 where it cannot be asked."""
    try:
        with reaching(what, role):
            yield
    except UnseenError as unseen:
        stop(str(unseen), f"→ {unseen.todo}")
    except AttuneError as trouble:
        stop(str(trouble))


def stop(*sentences: str) -> NoReturn:
    """Says why the command cannot do what it is for, and ends it."""
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(COULD_NOT_LOOK)
