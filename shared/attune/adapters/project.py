"""The port `Project`: a project as Google's admin APIs tell it.

The paths are those of the APIs' discovery documents, of November 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from attune.adapters.admin import AdminApis, Json
from attune.deployment import Deployment
from attune.ports_project import (
    Bucket,
    Database,
    Function,
    Grant,
    Identity,
    Index,
    Indexes,
    Kind,
    Notification,
    Place,
    Subscription,
    UnseenError,
)

QUOTA = "aiplatform.googleapis.com/global_concurrent_tuning_jobs"
_WITH_CONDITIONS = 3  # the version of a policy that tells them
_ANOTHER_KIND = "OTHER"  # of vectors or of texts: it answers no question of ours, and is no other index either
_ID = "__name__"  # Firestore tells it at the end of every index
_SERVICES = {
    Kind.TOPIC: ("pubsub.googleapis.com", "v1/projects/{project}/topics/{name}"),
    Kind.SUBSCRIPTION: ("pubsub.googleapis.com", "v1/projects/{project}/subscriptions/{name}"),
    Kind.REPOSITORY: (
        "artifactregistry.googleapis.com",
        "v1/projects/{project}/locations/{region}/repositories/{name}",
    ),
    Kind.SERVICE: ("run.googleapis.com", "v2/projects/{project}/locations/{region}/services/{name}"),
}


class GoogleProject:
    """The port `Project`, for the project, region and database of a deployment."""

    def __init__(self, apis: AdminApis, at: Deployment) -> None:
        self._apis = apis
        self._at = at
        self._projects = f"projects/{at.project}"

    def identity(self) -> Identity:
        """Its number, and the day it was made."""
        return self._identity

    def enabled_apis(self) -> Collection[str]:
        """The APIs that are on."""
        path = f"v1/{self._projects}/services"
        on = self._apis.all("serviceusage.googleapis.com", path, "services", filter="state:ENABLED", pageSize="200")
        return {_last(each["name"]) for each in on}

    def own_permissions(self, wanted: Collection[str]) -> Collection[str]:
        """Which of these the one who asks has on the project."""
        path = f"v3/{self._projects}:testIamPermissions"
        asked = {"permissions": list(wanted)}
        held = self._apis.post("cloudresourcemanager.googleapis.com", path, asked) or {}
        return set(held.get("permissions", ()))

    def accounts(self) -> Collection[str]:
        """The addresses of its service accounts that are not disabled."""
        found = self._apis.all("iam.googleapis.com", f"v1/{self._projects}/serviceAccounts", "accounts", pageSize="100")
        return {each["email"] for each in found if not each.get("disabled")}

    def role(self, name: str) -> Collection[str] | None:
        """The permissions in a role of the project's own; None where there is none, or it was deleted."""
        found = self._apis.get("iam.googleapis.com", f"v1/{self._projects}/roles/{name}")
        return None if found is None or found.get("deleted") else set(found.get("includedPermissions", ()))

    def grants(self, place: Place) -> Collection[Grant] | None:
        """What is granted on the very thing, not above it; None where there is no such thing."""
        policy = self._policy(place)
        if policy is None:
            return None
        return [
            Grant(binding["role"], member, binding.get("condition", {}).get("expression"))
            for binding in policy.get("bindings", ())
            for member in binding.get("members", ())
        ]

    def bucket(self, name: str) -> Bucket | None:
        """A bucket."""
        found = self._apis.get("storage.googleapis.com", f"storage/v1/b/{name}")
        if found is None:
            return None
        access = found.get("iamConfiguration", {})
        return Bucket(
            location=found["location"].lower(),
            uniform_access=access.get("uniformBucketLevelAccess", {}).get("enabled", False),
            public_access_prevented=access.get("publicAccessPrevention") == "enforced",
            versions=found.get("versioning", {}).get("enabled", False),
            kept_seconds=int(found.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)),
            key=found.get("encryption", {}).get("defaultKmsKeyName"),
        )

    def notifications(self, bucket: str) -> Collection[Notification] | None:
        """What a bucket tells topics; None where there is no such bucket."""
        found = self._apis.get("storage.googleapis.com", f"storage/v1/b/{bucket}/notificationConfigs")
        if found is None:
            return None
        return [
            Notification(
                topic=each["topic"].removeprefix("//pubsub.googleapis.com/"),
                events=frozenset(each.get("event_types", ())),
                prefix=each.get("object_name_prefix", ""),
            )
            for each in found.get("items", ())
        ]

    def topics(self) -> Collection[str]:
        """The topics' ids."""
        found = self._apis.all("pubsub.googleapis.com", f"v1/{self._projects}/topics", "topics", pageSize="1000")
        return {_last(each["name"]) for each in found}

    def subscription(self, name: str) -> Subscription | None:
        """A subscription."""
        found = self._apis.get("pubsub.googleapis.com", f"v1/{self._projects}/subscriptions/{name}")
        if found is None:
            return None
        dead_letters = found.get("deadLetterPolicy", {}).get("deadLetterTopic")
        return Subscription(
            topic=_last(found["topic"]),
            dead_letters=_last(dead_letters) if dead_letters else None,
            expires="ttl" in found.get("expirationPolicy", {"ttl": "its default"}),
        )

    def database(self) -> Database | None:
        """The deployment's database."""
        found = self._apis.get("firestore.googleapis.com", f"v1/{self._database}")
        if found is None:
            return None
        return Database(
            native=found.get("type") == "FIRESTORE_NATIVE",
            location=found["locationId"],
            recoverable=found.get("pointInTimeRecoveryEnablement") == "POINT_IN_TIME_RECOVERY_ENABLED",
            protected=found.get("deleteProtectionState") == "DELETE_PROTECTION_ENABLED",
            key=found.get("cmekConfig", {}).get("kmsKeyName"),
        )

    def indexes(self) -> Indexes:
        """The deployment's database's indexes; of its fields, those that differ from Firestore's own habit."""
        groups, service = f"v1/{self._database}/collectionGroups/-", "firestore.googleapis.com"
        stated = {"filter": "indexConfig.usesAncestorConfig:false"}
        fields = list(self._apis.all(service, f"{groups}/fields", "fields", **stated))
        return Indexes(
            composite=tuple(
                _index(each, each["name"]) for each in self._apis.all(service, f"{groups}/indexes", "indexes")
            ),
            fields={
                (_collection(field["name"]), _last(field["name"])): tuple(
                    _index(each, field["name"]) for each in field.get("indexConfig", {}).get("indexes", ())
                )
                for field in fields
            },
        )

    def functions(self) -> Collection[Function]:
        """The region's functions."""
        path = f"v2/{self._projects}/locations/{self._at.region}/functions"
        return [_function(each) for each in self._apis.all("cloudfunctions.googleapis.com", path, "functions")]

    def tuning_quota(self) -> int | None:
        """How many tuning jobs may run at once, less than 0 for any number; None where no quota is published."""
        path = f"v1beta1/{self._projects}/services/aiplatform.googleapis.com/consumerQuotaMetrics"
        metrics = self._apis.all("serviceusage.googleapis.com", path, "metrics", pageSize="100")
        limits = [
            int(bucket["effectiveLimit"])
            for metric in metrics
            if metric.get("metric") == QUOTA
            for limit in metric.get("consumerQuotaLimits", ())
            for bucket in limit.get("quotaBuckets", ())
            if "effectiveLimit" in bucket
        ]
        return min(limits, default=None)

    @property
    def _database(self) -> str:
        return f"{self._projects}/databases/{self._at.firestore_database}"

    @cached_property
    def _identity(self) -> Identity:
        found = self._apis.get("cloudresourcemanager.googleapis.com", f"v3/{self._projects}")
        if found is None:
            raise UnseenError(f"there is no project {self._at.project}", "name another with --project")
        return Identity(_last(found["name"]), datetime.fromisoformat(found["createTime"]).date())

    def _policy(self, place: Place) -> Json | None:
        version = str(_WITH_CONDITIONS)
        match place:
            case Place(Kind.PROJECT, name):
                asked = {"options": {"requestedPolicyVersion": _WITH_CONDITIONS}}
                return self._apis.post("cloudresourcemanager.googleapis.com", f"v3/projects/{name}:getIamPolicy", asked)
            case Place(Kind.BUCKET, name):
                path = f"storage/v1/b/{name}/iam"
                return self._apis.get("storage.googleapis.com", path, optionsRequestedPolicyVersion=version)
            case Place(Kind.ACCOUNT, name):
                question = f"getIamPolicy?options.requestedPolicyVersion={version}"
                return self._apis.post(
                    "iam.googleapis.com", f"v1/{self._projects}/serviceAccounts/{name}:{question}", {}
                )
            case Place(kind, name):
                service, pattern = _SERVICES[kind]
                path = pattern.format(project=self._at.project, region=self._at.region, name=name)
                return self._apis.get(service, f"{path}:getIamPolicy", **{"options.requestedPolicyVersion": version})


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _collection(name: str) -> str:
    return name.partition("/collectionGroups/")[2].partition("/")[0]


def _index(told: Json, name: str) -> Index:
    return Index(
        collection=_collection(name),
        fields=tuple(
            (field["fieldPath"], _direction(field)) for field in told.get("fields", ()) if field["fieldPath"] != _ID
        ),
        group=told.get("queryScope") == "COLLECTION_GROUP",
        ready=told.get("state") == "READY",
    )


def _direction(field: Mapping[str, str]) -> str:
    """How a field stands in an index: by its order, or what is in a list; else it is an index of a kind of its own."""
    return field.get("order") or field.get("arrayConfig") or _ANOTHER_KIND


def _function(told: Json) -> Function:
    service: Mapping[str, Any] = told.get("serviceConfig", {})
    trigger: Mapping[str, Any] = told.get("eventTrigger", {})
    filters = {each["attribute"]: each["value"] for each in trigger.get("eventFilters", ())}
    bucket, topic = filters.get("bucket"), trigger.get("pubsubTopic")
    return Function(
        name=_last(told["name"]),
        state=told.get("state", "UNKNOWN"),
        trouble="; ".join(each.get("message", "") for each in told.get("stateMessages", ())),
        account=service.get("serviceAccountEmail", ""),
        trigger_account=trigger.get("serviceAccountEmail", ""),
        trigger_region=trigger.get("triggerRegion", ""),
        retried=trigger.get("retryPolicy") == "RETRY_POLICY_RETRY",
        bucket=bucket,
        topic=_last(topic) if topic and not bucket else None,
        event=trigger.get("eventType", ""),
        carrier=topic if bucket else None,
        environment=service.get("environmentVariables", {}),
    )
