"""`attune doctor`: is a project ready for a deployment, and is the deployment in it as it should be?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from attune.adapters.admin import admin_apis
from attune.adapters.project import GoogleProject
from attune.adapters.project_settings import written_settings
from attune.cli.place import DEFAULT_REGION, Data, Project, Region, deployment
from attune.cli.report import as_json, exit_code, tell
from attune.config import Settings
from attune.deployment import Deployment
from attune.ports_project import UnseenError
from attune.services.doctor.examine import Doctor
from attune.services.doctor.findings import Finding, unseen


def doctor(
    project: Project,
    region: Region = DEFAULT_REGION,
    *,
    before: Annotated[bool, typer.Option("--before", help="Only what a first deployment takes.")] = False,
    base_model: Annotated[str, typer.Option(help="With --before: what is to be tuned.")] = Settings().base_model,
    as_data: Data = False,
    endpoint: Annotated[
        str, typer.Option("--admin-endpoint", envvar="ATTUNE_ADMIN_ENDPOINT", help="Stands in for Google's APIs.")
    ] = "",
) -> None:
    """Check a project: every line says what was looked at, how it is, and what to do.

    Exits with 0 when nothing is wrong, with 1 for a problem, with 2 when not everything could be looked at. Other names
    than those that infra gives are read from the variables ATTUNE_INTAKE_BUCKET, ATTUNE_DATASET_BUCKET and so on.
    """
    at = deployment(project, region)
    findings = _examined(at, endpoint or None, base_model if before else None)
    if as_data:
        typer.echo(as_json(findings))
    else:
        tell(findings, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(exit_code(findings))


def _examined(at: Deployment, endpoint: str | None, before: str | None) -> list[Finding]:
    try:
        apis = admin_apis(at.project, endpoint)
    except UnseenError as why:
        return [unseen("project", why)]
    doctor = Doctor(GoogleProject(apis, at), written_settings(at), at, datetime.now(UTC).date())
    return doctor.before(before) if before else doctor.after()
