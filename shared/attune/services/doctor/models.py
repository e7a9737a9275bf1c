"""The checks of what can be tuned: region, base models, and the quota for concurrent jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from attune.config import Settings
from attune.deployment import Deployment
from attune.domain.base_models import (
    REFUSED_REGION,
    BaseModel,
    Retirement,
    base_model,
    is_listed,
    listed_as_of,
    open_models,
)
from attune.ports_project import Project
from attune.services.doctor.findings import Fault, Finding, Status, judged, ok, problem, warning
from attune.services.doctor.names import APPLY


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a base model is judged by: the region, the day, when the project was made, and a key of the person's own."""

    region: str
    today: date
    made: date | None
    own_key: bool = False


def region(at: Deployment) -> Iterator[Finding]:
    """Whether the region is one that tunes at all."""
    if at.region == REFUSED_REGION:
        yield problem("region", "global is refused for tuning", f"set region to us-central1, then {APPLY}")
    else:
        yield ok("region", at.region)


def models(used: Mapping[str, Settings], under: Circumstances) -> Iterator[Finding]:
    """Whether each base model that somebody's settings name can be tuned, and with the adapter size they ask for."""
    for name in dict.fromkeys(settings.base_model for settings in used.values()):
        askers = {where: settings for where, settings in used.items() if settings.base_model == name}
        yield from model(name, under, askers)


def model(name: str, under: Circumstances, askers: Mapping[str, Settings]) -> Iterator[Finding]:
    """One base model, and the settings that ask for it."""
    about, known, where = f"base model {name}", base_model(name), ", ".join(askers)
    served = f", served on {' and '.join(known.served_on)}" if known.served_on else ""
    faults = [*_faults(name, known, under), *_adapter_faults(known, askers)]
    for finding in judged(about, faults, f"tuned in {under.region}{served}"):
        yield replace(finding, said=f"{finding.said} (asked for by {where})")


def quota(project: Project, at: Deployment) -> Iterator[Finding]:
    """Whether as many jobs may run at once as the deployment would start."""
    allowed, wanted = project.tuning_quota(), at.max_concurrent_jobs
    page = f"https://console.cloud.google.com/iam-admin/quotas?project={at.project}"
    if allowed is None:
        said = "the service publishes no quota for concurrent tuning jobs here; it is 1 or more"
        yield warning("tuning quota", said, f"look for global_concurrent_tuning_jobs at {page}")
    elif 0 <= allowed < wanted:
        todo = f"ask for more at {page}" + (f", or set max_concurrent_jobs = {allowed}" if allowed else "")
        yield problem("tuning quota", f"{allowed} concurrent jobs are allowed, max_concurrent_jobs is {wanted}", todo)
    else:
        said = f"{allowed} concurrent jobs are allowed" if allowed >= 0 else "no limit"
        yield ok("tuning quota", f"{said}, max_concurrent_jobs is {wanted}")


def _faults(name: str, known: BaseModel, under: Circumstances) -> Iterator[Fault]:
    others = f"set base_model to {_others(under.today, name)}"
    if not is_listed(name):
        said = f"not among the models that Google listed for tuning on {listed_as_of()}"
        yield Fault(Status.WARNING, said, f"check it, or {others}")
    if known.retirement and (fault := _retired(known, known.retirement, under, others)):
        yield fault
    if under.region != REFUSED_REGION and not known.is_tuned_in(under.region):
        yield _elsewhere(known, under.region)
    if under.own_key and not known.takes_own_key:
        said = "it takes no key of your own, and this deployment has one"
        yield Fault(Status.PROBLEM, said, "clear kms_key, or set base_model to a 2.x model")


def _retired(known: BaseModel, end: Retirement, under: Circumstances, others: str) -> Fault | None:
    may = known.is_open(under.today, under.made)
    if may:
        return None
    if under.today >= end.ends:
        return Fault(Status.PROBLEM, f"retired on {end.ends}", others)
    if may is False:
        said = f"retired for new projects since {end.closed}, and this one was made {under.made}"
        return Fault(Status.PROBLEM, said, others)
    said = f"retired since {end.closed} for projects that are new or have not used it for 90 days, and for all on"
    todo = f"if this project is one of them, and by then in any case, {others}"
    return Fault(Status.WARNING, f"{said} {end.ends}", todo)


def _elsewhere(known: BaseModel, region: str) -> Fault:
    there = " or ".join(known.regions)
    if known.only_there:
        return Fault(Status.PROBLEM, f"not tuned in {region}", f"set region to {there}, then {APPLY}")
    said = f"no source says that {region} tunes it; {there} does"
    return Fault(Status.WARNING, said, f"try it, or set region to {there}")


def _adapter_faults(known: BaseModel, askers: Mapping[str, Settings]) -> Iterator[Fault]:
    taken = ", ".join(str(size) for size in known.adapter_sizes)
    for where, settings in askers.items():
        if settings.adapter_size is not None and settings.adapter_size not in known.adapter_sizes:
            said = f"{where} asks for adapter_size {settings.adapter_size}, which it does not take"
            yield Fault(Status.PROBLEM, said, f"take one of {taken}, or none")


def _others(today: date, besides: str) -> str:
    """The models that are open to all, with their regions."""
    others = {name: model for name, model in open_models(today).items() if name != besides}
    return ", or ".join(f"{name} ({' or '.join(model.regions)})" for name, model in others.items())
