"""The checks of the database, and of the settings that people wrote into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attune.config import Settings, read_settings
from attune.deployment import Deployment
from attune.ports_project import Project, Written
from attune.services.doctor import commands
from attune.services.doctor.findings import Finding, ok, problem, warning
from attune.services.doctor.names import APPLY


def database(project: Project, at: Deployment) -> Iterator[Finding]:
    """The database's kind, and what guards what is in it."""
    about, found = f"database {at.firestore_database}", project.database()
    if found is None:
        yield problem(about, "it is not there", APPLY)
        return
    if not found.native:
        said = "it is in Datastore mode, and attune needs native mode"
        yield problem(about, said, f"set firestore_database to another name, then {APPLY}")
    if not found.recoverable:
        said = "no point-in-time recovery: what is overwritten by mistake is gone"
        yield warning(about, said, commands.update_database("enable-pitr", at))
    if not found.protected:
        yield warning(about, "it can be deleted by one call", commands.update_database("delete-protection", at))
    if found.native and found.recoverable and found.protected:
        yield ok(about, f"native mode in {found.location}, point-in-time recovery, delete protection")


def settings(written: Written, at: Deployment) -> Iterator[Finding]:
    """Whether what people wrote can be used, dataset by dataset."""
    defaults = written.defaults()
    general = _errors(defaults or {}, {})
    if defaults is None:
        todo = f"to set others for all datasets, write {commands.edit('settings/defaults', at)}"
        yield warning("settings/defaults", "not there: the defaults in attune's code are in force", todo)
    else:
        yield from _told("settings/defaults", general, at)
    for dataset, own in written.datasets().items():
        errors = [error for error in _errors(defaults or {}, own) if error not in general]
        yield from _told(f"datasets/{dataset}", errors, at)


def settings_in_use(written: Written) -> dict[str, Settings]:
    """The usable settings, by the document that states them."""
    defaults = written.defaults() or {}
    documents: dict[str, Mapping[str, object]] = {"settings/defaults": {}}
    documents |= {f"datasets/{dataset}": own for dataset, own in written.datasets().items()}
    read = {where: read_settings(defaults, own) for where, own in documents.items()}
    return {where: each for where, each in read.items() if isinstance(each, Settings)}


def _told(about: str, errors: list[str], at: Deployment) -> Iterator[Finding]:
    for error in errors:
        yield problem(about, f"{error} (the last good settings stay in force)", f"edit {commands.edit(about, at)}")
    if not errors:
        yield ok(about, "valid")


def _errors(defaults: Mapping[str, object], own: Mapping[str, object]) -> list[str]:
    read = read_settings(defaults, own)
    return [] if isinstance(read, Settings) else list(read)
