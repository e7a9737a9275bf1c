"""Examine a project: every check in its order, before a deployment or after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from attune.config import Settings
from attune.deployment import Deployment
from attune.ports_project import Function, Project, UnseenError, Written
from attune.services.doctor import access, commands, database, delivery, indexes, models, storage
from attune.services.doctor.findings import Finding, look, ok, problem, warning
from attune.services.doctor.names import APIS, APPLY, TRACES_API, Names


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at one deployment's project."""

    project: Project
    written: Written
    at: Deployment
    today: date

    def before(self, base_model: str) -> list[Finding]:
        """What a deployment takes: the person's rights, and a region, a base model and a quota to tune with."""
        asked = {"you": Settings(base_model=base_model)}
        return [
            *look("APIs", lambda: self._apis(APIS, deployed=False)),
            *look("your rights", lambda: access.own_rights(self.project, self._names)),
            *look("region", lambda: models.region(self.at)),
            *look("project", self._project),
            *look("base model", lambda: models.models(asked, self._circumstances(own_key=False))),
            *look("tuning quota", lambda: models.quota(self.project, self.at)),
        ]

    def after(self) -> list[Finding]:
        """All that a deployment is made of, and what people wrote since."""
        project, names = self.project, self._names
        there: list[Function] = []
        functions = look("functions", lambda: self._functions(there))
        at = delivery.as_deployed(self.at, there)
        return [
            *look("APIs", lambda: self._apis(_apis_of(at), deployed=True)),
            *look("project", self._project),
            *look("accounts", lambda: access.accounts(project, names)),
            *look("roles", lambda: access.roles(project, names)),
            *look("rights", lambda: access.rights(project, names, at)),
            *look("buckets", lambda: storage.buckets(project, names)),
            *look("database", lambda: database.database(project, at)),
            *look("indexes", lambda: indexes.indexes(project, at)),
            *look("topics", lambda: delivery.topics(project, names)),
            *look("subscription", lambda: delivery.subscription(project, names)),
            *functions,
            *look("notifications", lambda: delivery.notifications(project, there, names)),
            *look("settings", lambda: database.settings(self.written, at)),
            *look("region", lambda: models.region(at)),
            *look("base models", lambda: self._models(at)),
            *look("tuning quota", lambda: models.quota(project, at)),
        ]

    @property
    def _names(self) -> Names:
        return Names(self.at)

    def _apis(self, needed: Sequence[str], *, deployed: bool) -> Iterator[Finding]:
        enabled = set(self.project.enabled_apis())
        missing = [api for api in needed if api not in enabled]
        for api in missing:
            command = commands.enable(api, self.at)
            if deployed:
                yield problem("APIs", f"{api} is off", command)
            else:
                yield warning("APIs", f"{api} is off", f"{APPLY} turns it on; so does: {command}")
        if not missing:
            yield ok("APIs", f"all {len(needed)} are on")

    def _project(self) -> Iterator[Finding]:
        identity = self.project.identity()
        yield ok("project", f"{self.at.project}, number {identity.number}, made {identity.made}")

    def _functions(self, there: list[Function]) -> Iterator[Finding]:
        there.extend(self.project.functions())
        yield from delivery.functions(there, self._names)

    def _models(self, at: Deployment) -> Iterator[Finding]:
        own_key = bool(at.kms_key) or storage.own_key(self.project, self._names)
        under = self._circumstances(own_key=own_key)
        yield from models.models(database.settings_in_use(self.written), under)

    def _circumstances(self, *, own_key: bool) -> models.Circumstances:
        try:
            made = self.project.identity().made
        except UnseenError:  # said where the project itself is looked at
            made = None
        return models.Circumstances(self.at.region, self.today, made, own_key)


def _apis_of(at: Deployment) -> Sequence[str]:
    return (*APIS, TRACES_API) if at.traces == "otlp" else APIS
