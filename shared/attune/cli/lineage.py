"""`attune lineage`: which models know an object, and which objects are behind a model."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from attune import bootstrap, world
from attune.cli.lineage_report import put_behind, put_trace, tell_behind, tell_trace
from attune.cli.place import COULD_NOT_LOOK, DEFAULT_REGION, Data, Project, Region, at_the_database, deployment
from attune.services.lineage import Behind, Lineage, Trace

_NONE = 1
_Object = Annotated[
    str, typer.Argument(metavar="OBJECT", help="gs://INTAKE/dataset/path/x.wav, or dataset/path/x.wav.")
]
_Alias = Annotated[
    str, typer.Option("--alias", metavar="ALIAS", help="The other way round: what is behind this alias's model.")
]
_Thorough = Annotated[
    bool, typer.Option("--thorough", help="Look into every run's manifest, for cuts made by older versions, too.")
]


def lineage(
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    name: _Object = "",
    alias: _Alias = "",
    thorough: _Thorough = False,
    as_data: Data = False,
) -> None:
    """Show every run whose files had an object, and what became of it there; or what an alias's model was trained on.

    Of an object: which generation, whether that is still live, which side it was on (what was held out was not trained
    on), the run's job, model and endpoint, the aliases that stand or stood for it, and the models tuned on top of it.
    Of an alias: a line for each object on the training side, with the models that its model goes on from.

    Needs roles/datastore.viewer, and roles/storage.objectViewer on the dataset bucket where a manifest has to be read.
    Exits with 0 when something was found; with 1 when there is no such object or alias, or no run's files had it; with
    2 when that, or a part of it, could not be found out.
    """
    if bool(name) == bool(alias):
        raise typer.BadParameter("name an object, or an alias with --alias: one of both")
    where = deployment(project, region)
    wanted = in_the_intake(name, where.intake_bucket)
    with at_the_database("the manifests", "roles/datastore.viewer"):
        service = bootstrap.lineage(world.Cloud(where).ports())
        raise typer.Exit(_object(service, wanted, thorough, as_data) if name else _alias(service, alias, as_data))


def in_the_intake(given: str, bucket: str) -> str:
    """The name of an object or folder of the intake bucket, whether its gs:// address was given or that."""
    if not given.startswith("gs://"):
        return given
    its_bucket, _, name = given.removeprefix("gs://").partition("/")
    if its_bucket != bucket:
        raise typer.BadParameter(f"{given} does not lie in the intake bucket, gs://{bucket}")
    return name


def _object(service: Lineage, name: str, thorough: bool, as_data: bool) -> int:  # noqa: FBT001 - the command's own
    trace = service.of(name, thorough=thorough)
    if as_data:
        put_trace(trace)
    else:
        tell_trace(trace, Console(highlight=False, soft_wrap=True))
    return _code(trace, found=bool(trace.uses))


def _alias(service: Lineage, name: str, as_data: bool) -> int:  # noqa: FBT001 - the command's own
    behind = service.behind(name)
    if behind is None:
        typer.echo(f"there is no alias {name}", err=True)
        return _NONE
    if as_data:
        put_behind(behind)
    else:
        tell_behind(behind, Console(highlight=False, soft_wrap=True))
    return _code(behind, found=bool(behind.rows))


def _code(told: Trace | Behind, *, found: bool) -> int:
    for sentence in told.unread:
        typer.echo(sentence, err=True)
    if told.unread:
        return COULD_NOT_LOOK
    return 0 if found else _NONE
