"""The checks of what carries events: topics, the subscription, and the functions with their triggers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attune.deployment import Deployment
from attune.ports_project import Function, Notification, Project
from attune.services.doctor import commands
from attune.services.doctor.findings import Fault, Finding, Status, judged, ok, problem
from attune.services.doctor.names import APPLY, DEAD_LETTERS, EVENTS, FUNCTIONS, SUBSCRIPTION, TOLD, Names

_ACTIVE = "ACTIVE"
_ONLY_DEPLOYED = ("max_concurrent_jobs", "tuning_service_account", "kms_key", "traces")
# What a function and this look must agree on, or another deployment was looked at.
_AGREED = (
    "project",
    "region",
    "intake_bucket",
    "dataset_bucket",
    "events_topic",
    "launch_topic",
    "firestore_database",
)


def topics(project: Project, names: Names) -> Iterator[Finding]:
    """Whether every topic is there."""
    there = set(project.topics())
    missing = [topic for topic in names.topics if topic not in there]
    for topic in missing:
        yield problem("topics", f"{topic} is not there", APPLY)
    if not missing:
        yield ok("topics", f"all {len(names.topics)} are there")


def subscription(project: Project, names: Names) -> Iterator[Finding]:
    """The subscription on the events."""
    about, found = f"subscription {SUBSCRIPTION}", project.subscription(SUBSCRIPTION)
    if found is None:
        yield problem(about, "it is not there", APPLY)
        return
    delete = f"gcloud pubsub subscriptions delete {SUBSCRIPTION} --project={names.at.project}"
    asked = [
        (found.topic != names.at.events_topic, f"it is on {found.topic}", f"{delete}, then {APPLY}"),
        (found.dead_letters != DEAD_LETTERS, "what cannot be taken is not kept as a dead letter", APPLY),
        (found.expires, "it expires when nobody looks for a while", APPLY),
    ]
    faults = [Fault(Status.PROBLEM, said, todo) for wrong, said, todo in asked if wrong]
    yield from judged(about, faults, f"on {found.topic}, with dead letters, never expires")


def functions(there: Collection[Function], names: Names) -> Iterator[Finding]:
    """Whether each function is deployed, serves, and is set off as it should be."""
    found = {function.name: function for function in there}
    for name in FUNCTIONS:
        about, function = f"function attune-{name}", found.get(f"attune-{name}")
        if function is None:
            yield problem(about, f"it is not deployed in {names.at.region}", APPLY)
            continue
        well = f"active, set off by {function.bucket or function.topic}, tried again when it fails"
        yield from judged(about, [*_faults(name, function, names), *_disagreements(function, names.at)], well)


def notifications(project: Project, there: Collection[Function], names: Names) -> Iterator[Finding]:
    """Whether the intake bucket tells of what the functions that are there listen for: Eventarc asked it to."""
    intake = names.at.intake_bucket
    told, listening = project.notifications(intake), [each for each in there if _listens(each, names)]
    if told is None or not listening:
        return  # said of the bucket, or of the functions
    faults = [fault for function in listening for fault in _unheard(function, told, intake)]
    yield from judged(f"notifications of {intake}", faults, f"it tells of what {len(listening)} functions listen for")


def as_deployed(at: Deployment, there: Collection[Function]) -> Deployment:
    """The deployment, with what only the functions know of it."""
    stated = next((function.environment for function in there if function.name == "attune-launch"), {})
    told = {name: stated.get(f"ATTUNE_{name.upper()}") for name in _ONLY_DEPLOYED}
    return Deployment.model_validate({**at.model_dump(), **{name: value for name, value in told.items() if value}})


def _faults(name: str, function: Function, names: Names) -> Iterator[Fault]:
    at, own = names.at, f"attune-{name}"
    if function.state != _ACTIVE:
        logs = f"gcloud functions logs read {own} --gen2 --region={at.region} --project={at.project}"
        yield Fault(Status.PROBLEM, f"{function.state}: {function.trouble}".rstrip(": "), f"{logs}; then {APPLY}")
    for verb, account, wanted in (
        ("runs", function.account, own),
        ("is called", function.trigger_account, f"{own}-trigger"),
    ):
        if account != names.address(wanted):
            yield Fault(Status.PROBLEM, f"it {verb} as {account or 'nobody'}, not as {names.address(wanted)}", APPLY)
    if not function.retried:
        yield Fault(Status.PROBLEM, "an event is dropped at its first failure", APPLY)
    if function.event != EVENTS[name]:
        yield Fault(Status.PROBLEM, f"{function.event or 'nothing'} sets it off, not {EVENTS[name]}", APPLY)
    yield from _trigger_faults(function, names.listens(name), at)


def _trigger_faults(function: Function, wanted: tuple[str | None, str | None], at: Deployment) -> Iterator[Fault]:
    if (function.bucket, function.topic) != wanted:
        source = function.bucket or function.topic or "nothing"
        yield Fault(Status.PROBLEM, f"{source} sets it off, not {wanted[0] or wanted[1]}", APPLY)
    if function.trigger_region != at.region:
        said = f"its trigger is in {function.trigger_region or 'no region'}, not in {at.region}"
        yield Fault(Status.PROBLEM, said, APPLY)


def _listens(function: Function, names: Names) -> bool:
    return function.bucket == names.at.intake_bucket and function.event in TOLD


def _unheard(function: Function, told: Collection[Notification], intake: str) -> Iterator[Fault]:
    event = TOLD[function.event]
    if any(_tells(each, event, function.carrier) for each in told):
        return
    said = f"it does not tell {function.name} of every {event}"
    again = f"delete {function.name}, then {APPLY}"
    yield Fault(Status.PROBLEM, said, commands.notify(intake, function.carrier, event) if function.carrier else again)


def _tells(each: Notification, event: str, carrier: str | None) -> bool:
    return carrier in {None, each.topic} and (not each.events or event in each.events) and not each.prefix


def _disagreements(function: Function, at: Deployment) -> Iterator[Fault]:
    for name in _AGREED:
        variable, looked_at = f"ATTUNE_{name.upper()}", getattr(at, name)
        stated = function.environment.get(variable)
        if stated and stated != looked_at:
            said = f"it works with {name} {stated}, and this looked at {looked_at}"
            yield Fault(Status.WARNING, said, f"export {variable}='{stated}' and look again")
