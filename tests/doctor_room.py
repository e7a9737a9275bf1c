"""A project to examine: Google's admin APIs as the local stack stands in for them, and the settings somebody wrote."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from werkzeug.serving import make_server

from attune.adapters.admin import admin_apis
from attune.adapters.project import GoogleProject
from attune.deployment import Deployment
from attune.ports_project import UnseenError
from attune.services.doctor.examine import Doctor
from attune.services.doctor.findings import Finding, Status
from attune_local.admin.server import create_app
from attune_local.admin.state import Setting, State

PROJECT, REGION = "demo-project", "us-central1"
INTAKE, DATASET = f"{PROJECT}-attune-intake", f"{PROJECT}-attune-datasets"
TODAY = date(2026, 11, 22)
OPEN_MODEL = {"base_model": "gemini-3.5-flash"}


@dataclass
class Paper:
    """The port `Written`, from memory; `why` it cannot be read, where it cannot."""

    standing: Mapping[str, object] | None = field(default_factory=lambda: dict(OPEN_MODEL))
    own: dict[str, Mapping[str, object]] = field(default_factory=dict)
    why: UnseenError | None = None

    def defaults(self) -> Mapping[str, object] | None:
        """`settings/defaults`."""
        if self.why:
            raise self.why
        return self.standing

    def datasets(self) -> Mapping[str, Mapping[str, object]]:
        """Every `datasets/{dataset}`."""
        if self.why:
            raise self.why
        return self.own


@dataclass
class Room:
    """A project with everything in order, for a test to disturb; and the doctor."""

    state: State
    endpoint: str
    paper: Paper = field(default_factory=Paper)
    at: Deployment = field(
        default_factory=lambda: Deployment(project=PROJECT, region=REGION, intake_bucket=INTAKE, dataset_bucket=DATASET)
    )
    today: date = TODAY

    def after(self) -> list[Finding]:
        """What is found after a deployment."""
        return self._doctor().after()

    def before(self, base_model: str = "gemini-3.5-flash") -> list[Finding]:
        """What is found before one."""
        return self._doctor().before(base_model)

    def trouble(self) -> list[Finding]:
        """Of what is found after a deployment, what is not in order."""
        return [finding for finding in self.after() if finding.status is not Status.OK]

    def move(self, **changes: object) -> None:
        """Changes the deployment."""
        self.at = Deployment.model_validate({**self.at.model_dump(), **changes})

    def _doctor(self) -> Doctor:
        return Doctor(
            GoogleProject(admin_apis(self.at.project, self.endpoint), self.at), self.paper, self.at, self.today
        )


@contextmanager
def room(setting: Setting | None = None) -> Iterator[Room]:
    """A room, with the stand-in served on a free port of the loopback."""
    state = State(setting or Setting(PROJECT, REGION, INTAKE, DATASET))
    server = make_server("127.0.0.1", 0, create_app(state), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Room(state, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """The findings without what to do."""
    return [(str(finding.status), finding.about, finding.said) for finding in findings]


def only(findings: list[Finding]) -> Finding:
    """The one finding there is."""
    (finding,) = findings
    return replace(finding)
