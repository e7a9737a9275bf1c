"""The checks of the buckets: where they are, that no one outside gets in, and what becomes of what is deleted."""

from __future__ import annotations

from collections.abc import Iterator

from attune.ports_project import Bucket, Project
from attune.services.doctor import commands
from attune.services.doctor.findings import Fault, Finding, Status, judged, problem
from attune.services.doctor.names import APPLY, KEPT_SECONDS, Names

_DAY = 24 * 60 * 60


def buckets(project: Project, names: Names) -> Iterator[Finding]:
    """The three buckets; the intake's location is that of the function's trigger, or no event comes."""
    for name in (names.at.intake_bucket, names.at.dataset_bucket, names.source_bucket):
        bucket, about = project.bucket(name), f"bucket {name}"
        if bucket is None:
            yield problem(about, "it is not there", APPLY)
            continue
        well = f"in {bucket.location}, uniform access, public access prevented"
        faults = [*_placing(name, bucket, names), *_openness(name, bucket), *_deletion(name, bucket, names)]
        yield from judged(about, faults, well)


def own_key(project: Project, names: Names) -> bool:
    """Whether what is tuned from is encrypted with a key of the person's own."""
    found = [project.bucket(name) for name in (names.at.intake_bucket, names.at.dataset_bucket)]
    return any(bucket is not None and bucket.key for bucket in found)


def _placing(name: str, bucket: Bucket, names: Names) -> Iterator[Fault]:
    region = names.at.region
    if bucket.location == region:
        return
    todo = f"set region to {bucket.location}, or: gcloud storage buckets relocate gs://{name} --location={region}"
    if name == names.at.intake_bucket:
        yield Fault(Status.PROBLEM, f"in {bucket.location}, and a trigger in {region} hears of no object there", todo)
    else:
        yield Fault(Status.WARNING, f"in {bucket.location}, away from {region}: slower, and traffic is charged", todo)


def _openness(name: str, bucket: Bucket) -> Iterator[Fault]:
    if not bucket.uniform_access:
        command = commands.update_bucket(name, "uniform-bucket-level-access")
        yield Fault(Status.PROBLEM, "objects may have access lists of their own", command)
    if not bucket.public_access_prevented:
        command = commands.update_bucket(name, "public-access-prevention")
        yield Fault(Status.PROBLEM, "it may be made public", command)


def _deletion(name: str, bucket: Bucket, names: Names) -> Iterator[Fault]:
    """What a person deletes is gone from both, and can be had back as long as it was promised; archives are kept."""
    if name == names.source_bucket:
        return
    if bucket.versions:
        yield Fault(Status.PROBLEM, _with_versions(name, names), commands.update_bucket(name, "no-versioning"))
    if bucket.kept_seconds != KEPT_SECONDS:
        said = (
            f"what is deleted can be had back for {bucket.kept_seconds / _DAY:g} days, not for {KEPT_SECONDS // _DAY}"
        )
        flag = f"soft-delete-duration={KEPT_SECONDS // _DAY}d"
        yield Fault(Status.WARNING, said, commands.update_bucket(name, flag))


def _with_versions(name: str, names: Names) -> str:
    if name == names.at.intake_bucket:
        return "it keeps versions: a deletion is told as `archived`, which no function hears"
    return "it keeps versions: what was made of a deleted file stays"
