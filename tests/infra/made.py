"""What an apply makes, told as Google's admin APIs tell it: what the local stack's stand-in for them starts from.

PYTHONPATH=tests .venv/bin/python -m infra.made    writes it anew
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.workplace import PROJECT, ROOT, archives, resources, workplace

FILE = ROOT / "shared/attune_local/admin/made_by_infra.json"
_PLACES = (
    (f"{PROJECT}-attune-intake", "${intake}"),
    (f"{PROJECT}-attune-datasets", "${dataset}"),
    (PROJECT, "${project}"),
    ("123456789012", "${number}"),
    ("us-central1", "${region}"),
    ("US-CENTRAL1", "${location}"),
)
# What a grant is on, by the type of Terraform's resource: its kind, and the attribute with its name.
_GRANTS = {
    "google_artifact_registry_repository_iam_member": ("repository", "repository"),
    "google_cloud_run_v2_service_iam_member": ("service", "name"),
    "google_project_iam_member": ("project", "project"),
    "google_pubsub_subscription_iam_member": ("subscription", "subscription"),
    "google_pubsub_topic_iam_member": ("topic", "topic"),
    "google_service_account_iam_member": ("account", "service_account_id"),
    "google_storage_bucket_iam_member": ("bucket", "bucket"),
}
_IN_A_BUCKETS_WORDS = {
    "finalized": "OBJECT_FINALIZE",
    "deleted": "OBJECT_DELETE",
    "archived": "OBJECT_ARCHIVE",
    "metadataUpdated": "OBJECT_METADATA_UPDATE",
}
_DATABASE = "projects/${project}/databases"

Record = dict[str, Any]


def made(state: Mapping[str, Any]) -> list[Record]:
    """A record for each thing: its kind and name, and how its API tells it."""
    found = [
        *_grants(state),
        *(_TOLD[each["type"]](each["values"]) for each in resources(state) if each["type"] in _TOLD),
        *_notifications(state),
    ]
    text = json.dumps(found)
    for stands, place in _PLACES:
        text = text.replace(stands, place)
    return sorted(json.loads(text), key=lambda record: json.dumps(record, sort_keys=True))


def written() -> list[Record]:
    """What the stand-in starts from."""
    return list(json.loads(FILE.read_text()))


def _grants(state: Mapping[str, Any]) -> Iterator[Record]:
    for each in resources(state):
        if each["type"] in _GRANTS:
            (kind, attribute), values = _GRANTS[each["type"]], each["values"]
            condition = (values.get("condition") or [{}])[0].get("expression")
            on = f"{kind}/{values[attribute].rpartition('/')[2]}"
            yield {
                "kind": "grant",
                "on": on,
                "role": values["role"],
                "member": values["member"],
                "condition": condition,
            }


def _record(kind: str, name: str, told: Mapping[str, Any]) -> Record:
    return {"kind": kind, "name": name, "told": dict(told)}


def _api(values: Mapping[str, Any]) -> Record:
    name = values["service"]
    return _record("api", name, {"name": f"projects/{values['project']}/services/{name}", "state": "ENABLED"})


def _account(values: Mapping[str, Any]) -> Record:
    return _record("account", values["email"], {"name": values["name"], "email": values["email"]})


def _role(values: Mapping[str, Any]) -> Record:
    told = {"name": values["name"], "includedPermissions": sorted(values["permissions"])}
    return _record("role", values["role_id"], told)


def _bucket(values: Mapping[str, Any]) -> Record:
    access = {
        "uniformBucketLevelAccess": {"enabled": values["uniform_bucket_level_access"]},
        "publicAccessPrevention": values["public_access_prevention"],
    }
    told = {
        "name": values["name"],
        "location": values["location"],
        "iamConfiguration": access,
        "versioning": {"enabled": values["versioning"][0]["enabled"]},
        "softDeletePolicy": {  # a number of 64 bits, which is told as a text
            "retentionDurationSeconds": str(values["soft_delete_policy"][0]["retention_duration_seconds"])
        },
    }
    return _record("bucket", values["name"], told)


def _topic(values: Mapping[str, Any]) -> Record:
    return _record("topic", values["name"], {"name": f"projects/{values['project']}/topics/{values['name']}"})


def _subscription(values: Mapping[str, Any]) -> Record:
    lasts = values["expiration_policy"][0]["ttl"]
    policy = [{"deadLetterTopic": each["dead_letter_topic"]} for each in values["dead_letter_policy"]]
    told = {
        "name": f"projects/{values['project']}/subscriptions/{values['name']}",
        "topic": values["topic"],
        "expirationPolicy": {"ttl": lasts} if lasts else {},
        **({"deadLetterPolicy": policy[0]} if policy else {}),
    }
    return _record("subscription", values["name"], told)


def _repository(values: Mapping[str, Any]) -> Record:
    return _record("repository", values["repository_id"], {"name": values["id"]})


def _database(values: Mapping[str, Any]) -> Record:
    told = {
        "name": f"{_DATABASE}/{values['name']}",
        "type": values["type"],
        "locationId": values["location_id"],
        "pointInTimeRecoveryEnablement": values["point_in_time_recovery_enablement"],
        "deleteProtectionState": values["delete_protection_state"],
    }
    return _record("database", values["name"], told)


def _index(values: Mapping[str, Any]) -> Record:
    group = f"{_DATABASE}/{values['database']}/collectionGroups/{values['collection']}"
    fields = [{"fieldPath": field["field_path"], **_way(field)} for field in values["fields"]]
    last = {"fieldPath": "__name__", "order": fields[-1].get("order", "ASCENDING")}  # the service adds it
    told = {"queryScope": values["query_scope"], "fields": [*fields, last], "state": "READY"}
    return _record("index", values["collection"], {"name": f"{group}/indexes/1", **told})


def _way(field: Mapping[str, Any]) -> dict[str, Any]:
    return {"order": field["order"]} if field["order"] else {"arrayConfig": field["array_config"]}


def _field(values: Mapping[str, Any]) -> Record:
    group = f"{_DATABASE}/{values['database']}/collectionGroups/{values['collection']}"
    indexes = [
        {
            "queryScope": index["query_scope"],
            "fields": [{"fieldPath": values["field"], **_way(index)}],
            "state": "READY",
        }
        for index in values["index_config"][0]["indexes"]
    ]
    told = {"name": f"{group}/fields/{values['field']}", "indexConfig": {"indexes": indexes} if indexes else {}}
    return _record("field", f"{values['collection']}.{values['field']}", told)


def _notifications(state: Mapping[str, Any]) -> Iterator[Record]:
    """What Eventarc has a bucket tell for each function that listens to it."""
    for each in resources(state, "google_cloudfunctions2_function"):
        (trigger,) = each["values"]["event_trigger"]
        for bucket in (each["value"] for each in trigger["event_filters"] if each["attribute"] == "bucket"):
            told = {
                "topic": f"//pubsub.googleapis.com/{_carrier(each['values'])}",
                "event_types": [_IN_A_BUCKETS_WORDS[trigger["event_type"].rpartition(".")[2]]],
                "payload_format": "JSON_API_V1",
            }
            yield {**_record("notification", each["values"]["name"], told), "on": f"bucket/{bucket}"}


def _carrier(values: Mapping[str, Any]) -> str:
    """The topic that Eventarc makes for a bucket's events; with Google, numbers follow."""
    return f"projects/{values['project']}/topics/eventarc-{values['location']}-{values['name']}"


def _function(values: Mapping[str, Any]) -> Record:
    (service,), (trigger,), name = values["service_config"], values["event_trigger"], values["name"]
    filters = [{"attribute": each["attribute"], "value": each["value"]} for each in trigger["event_filters"]]
    told = {
        "name": values["id"],
        "state": "ACTIVE",
        "serviceConfig": {
            "serviceAccountEmail": service["service_account_email"],
            "environmentVariables": service["environment_variables"],
        },
        "eventTrigger": {
            "triggerRegion": trigger["trigger_region"],
            "eventType": trigger["event_type"],
            "retryPolicy": trigger["retry_policy"],
            "serviceAccountEmail": trigger["service_account_email"],
            "pubsubTopic": _carrier(values) if filters else trigger["pubsub_topic"],
            **({"eventFilters": filters} if filters else {}),
        },
    }
    return _record("function", name, told)


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], Record]] = {
    "google_artifact_registry_repository": _repository,
    "google_cloudfunctions2_function": _function,
    "google_firestore_database": _database,
    "google_firestore_field": _field,
    "google_firestore_index": _index,
    "google_project_iam_custom_role": _role,
    "google_project_service": _api,
    "google_pubsub_subscription": _subscription,
    "google_pubsub_topic": _topic,
    "google_service_account": _account,
    "google_storage_bucket": _bucket,
}


def main() -> None:
    """Applies the configuration to nothing but the stand-in provider, and writes down what came of it."""
    with tempfile.TemporaryDirectory() as at:
        place = workplace(ROOT / "infra", Path(at))
        archives(Path(at) / "build")
        place.init()
        lines = ",\n".join(json.dumps(record, sort_keys=True) for record in made(place.apply()))
    FILE.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
