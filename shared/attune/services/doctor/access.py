"""The checks of accounts and rights: the deployment's, Google's agents', and those of the person who deploys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from attune.deployment import Deployment
from attune.ports_project import Grant, Kind, Place, Project, UnseenError
from attune.services.doctor import commands
from attune.services.doctor.findings import Finding, Status, ok, problem, unseen, warning
from attune.services.doctor.names import APPLY, ROLES, Names
from attune.services.doctor.rights import Charter, Right

Granted = Collection[Grant] | None | UnseenError
_NOT_SEEN = "(a grant further up, through a group, or on the project under a condition of its own, is not seen here)"
# What `make apply` does first with each service, and the role that lets a person do it (as in infra/delivery).
DEPLOYS = {
    "artifactregistry.repositories.create": "roles/artifactregistry.admin",
    "cloudfunctions.functions.create": "roles/cloudfunctions.developer",
    "cloudscheduler.jobs.create": "roles/cloudscheduler.admin",
    "datastore.databases.create": "roles/datastore.owner",
    "iam.roles.create": "roles/iam.roleAdmin",
    "iam.serviceAccounts.actAs": "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.create": "roles/iam.serviceAccountAdmin",
    "logging.logMetrics.create": "roles/logging.configWriter",
    "monitoring.alertPolicies.create": "roles/monitoring.editor",
    "pubsub.topics.create": "roles/pubsub.admin",
    "resourcemanager.projects.setIamPolicy": "roles/resourcemanager.projectIamAdmin",
    "run.services.setIamPolicy": "roles/run.admin",
    "serviceusage.services.enable": "roles/serviceusage.serviceUsageAdmin",
    "storage.buckets.create": "roles/storage.admin",
}


def own_rights(project: Project, names: Names) -> Iterator[Finding]:
    """Whether the one who asks may deploy."""
    held = set(project.own_permissions(list(DEPLOYS)))
    lacking = {permission: role for permission, role in DEPLOYS.items() if permission not in held}
    for permission, role in lacking.items():
        asked = f"gcloud projects add-iam-policy-binding {names.at.project} --member=user:YOU --role={role}"
        yield problem("your rights", f"you lack {permission} on the project", f"ask its owner for {role}: {asked}")
    if not lacking:
        yield ok("your rights", f"all {len(DEPLOYS)} that a deployment takes")


def accounts(project: Project, names: Names) -> Iterator[Finding]:
    """Whether every account is there."""
    there = set(project.accounts())
    missing = [account for account in names.accounts if names.address(account) not in there]
    for account in missing:
        yield problem("accounts", f"{names.address(account)} is not there", APPLY)
    if not missing:
        yield ok("accounts", f"all {len(names.accounts)} are there")


def roles(project: Project, names: Names) -> Iterator[Finding]:
    """Whether the project's own roles are there and hold what the functions call for."""
    for name, needed in ROLES.items():
        held = project.role(name)
        lacking = sorted(set(needed) - set(held or ()))
        if held is None:
            yield problem("roles", f"{name} is not there", APPLY)
        elif lacking:
            added = ",".join(lacking)
            command = f"gcloud iam roles update {name} --project={names.at.project} --add-permissions={added}"
            yield problem("roles", f"{name} lacks {', '.join(lacking)}", command)
        else:
            yield ok("roles", f"{name}: {len(needed)} permissions")


def rights(project: Project, names: Names, at: Deployment) -> Iterator[Finding]:
    """Whether every account has each of its rights, in the deployment as its functions know it."""
    number, tuning_account = project.identity().number, at.tuning_service_account
    charter = Charter(names, number, tuning_account=bool(tuning_account), traced=at.traces == "otlp")
    wanted = charter.rights()
    book = _Book({place: _granted(project, place) for place in dict.fromkeys(right.on for right in wanted)})
    yield from book.trouble()
    for who in dict.fromkeys(right.who for right in wanted):
        yield from _of_account(who, [right for right in wanted if right.who == who], book, names)
    yield from _agent_to_take_on(charter, book, tuning_account)


@dataclass(frozen=True, slots=True)
class _Book:
    """What is granted on each place, as far as it could be seen."""

    granted: Mapping[Place, Granted]

    def trouble(self) -> Iterator[Finding]:
        """The places that are not there, or could not be seen."""
        for place, granted in self.granted.items():
            if isinstance(granted, UnseenError):
                yield unseen(f"rights on {place}", granted)
            elif granted is None:
                yield problem(f"rights on {place}", "it is not there, and so nobody has rights on it", APPLY)

    def of_project(self) -> Granted:
        """What is granted on the project, and so on all in it."""
        return next(granted for place, granted in self.granted.items() if place.kind is Kind.PROJECT)

    def held(self, right: Right) -> tuple[Status, str]:
        """Whether a right is held where it should be, or by the whole project; and under which other condition."""
        there, above = _matching(self.granted[right.on], right), _matching(self.of_project(), right)
        if any(grant.condition in {None, right.grant.condition} for grant in there):
            return Status.OK, ""
        if any(grant.condition is None for grant in above):
            return Status.OK, ""
        if there:
            return Status.WARNING, str(there[0].condition)
        blind = any(isinstance(granted, UnseenError) for granted in (self.granted[right.on], self.of_project()))
        return (Status.UNSEEN if blind else Status.PROBLEM), ""


def _granted(project: Project, place: Place) -> Granted:
    try:
        return project.grants(place)
    except UnseenError as why:
        return why


def _matching(granted: Granted, right: Right) -> list[Grant]:
    if granted is None or isinstance(granted, UnseenError):
        return []
    wanted = (right.grant.role, right.grant.member)
    return [grant for grant in granted if (grant.role, grant.member) == wanted]


def _of_account(who: str, wanted: list[Right], book: _Book, names: Names) -> Iterator[Finding]:
    about, seen = f"rights of {who}", [(right, *book.held(right)) for right in wanted]
    for right, status, condition in seen:
        if status is Status.WARNING:
            said = f"{right.grant.role} on {right.on} only where {condition}, which this cannot judge"
            yield warning(about, said, f"compare it with infra, or {commands.grant(right, names.at)}")
        elif status is Status.PROBLEM and book.granted[right.on] is not None:
            yield problem(about, f"{right.grant.role} on {right.on} is missing {_NOT_SEEN}", _mend(right, names))
    held = sum(status is Status.OK for _, status, _ in seen)
    if held == len(seen):
        yield ok(about, f"{held} of {held} are there")
    elif any(status is Status.UNSEEN for _, status, _ in seen):
        yield Finding(Status.UNSEEN, about, f"{held} of {len(seen)} are there; not all the others could be looked at")


def _mend(right: Right, names: Names) -> str:
    command = commands.grant(right, names.at)
    if right.by_google:
        return f"Google grants it some minutes after its API was turned on; if it stays away: {command}"
    return f"{APPLY}, or: {command}"


def _agent_to_take_on(charter: Charter, book: _Book, tuning_account: str | None) -> Iterator[Finding]:
    agent, granted = f"serviceAccount:{charter.agent('gcp-sa-vertex-tune')}", book.of_project()
    if tuning_account or granted is None or isinstance(granted, UnseenError):
        return
    if any(grant.member == agent for grant in granted):
        said = "the tuning agent is there, but jobs do not run under the deployment's own account yet"
        yield warning("tuning account", said, f"set tuning_agent_exists = true, then {APPLY}")
    else:
        said = "jobs run as Google's tuning agent, which the first job makes; after it, set tuning_agent_exists = true"
        yield ok("tuning account", said)
