"""The commands that put right what a check found."""

from __future__ import annotations

import shlex

from attune.deployment import Deployment
from attune.ports_project import Kind
from attune.services.doctor.rights import Right

_GRANT = {
    Kind.PROJECT: "gcloud projects add-iam-policy-binding {name}",
    Kind.BUCKET: "gcloud storage buckets add-iam-policy-binding gs://{name}",
    Kind.TOPIC: "gcloud pubsub topics add-iam-policy-binding {name} --project={project}",
    Kind.SUBSCRIPTION: "gcloud pubsub subscriptions add-iam-policy-binding {name} --project={project}",
    Kind.ACCOUNT: "gcloud iam service-accounts add-iam-policy-binding {name} --project={project}",
    Kind.REPOSITORY: "gcloud artifacts repositories add-iam-policy-binding {name} --location={region} "
    "--project={project}",
    Kind.SERVICE: "gcloud run services add-iam-policy-binding {name} --region={region} --project={project}",
}


def grant(right: Right, at: Deployment) -> str:
    """Grants a right."""
    binding = _GRANT[right.on.kind].format(name=right.on.name, project=at.project, region=at.region)
    condition = right.grant.condition
    stated = f"expression={condition},title=attune" if condition else "None"
    # On a project it is asked for where it is not stated.
    narrowed = f" --condition={shlex.quote(stated)}" if condition or right.on.kind is Kind.PROJECT else ""
    return f"{binding} --member={right.grant.member} --role={right.grant.role}{narrowed}"


def enable(api: str, at: Deployment) -> str:
    """Turns an API on."""
    return f"gcloud services enable {api} --project={at.project}"


def update_bucket(name: str, flag: str) -> str:
    """Changes a bucket."""
    return f"gcloud storage buckets update gs://{name} --{flag}"


def notify(bucket: str, topic: str, event: str) -> str:
    """Has a bucket tell a topic of an event."""
    what = f"--topic={topic} --event-types={event} --payload-format=json"
    return f"gcloud storage buckets notifications create gs://{bucket} {what}"


def update_database(flag: str, at: Deployment) -> str:
    """Changes the database."""
    where = f"--database={shlex.quote(at.firestore_database)} --project={at.project}"
    return f"gcloud firestore databases update {where} --{flag}"


def edit(document: str, at: Deployment) -> str:
    """Where a document is edited."""
    database = at.firestore_database.replace("(default)", "-default-")
    return f"https://console.cloud.google.com/firestore/databases/{database}/data/panel/{document}?project={at.project}"
