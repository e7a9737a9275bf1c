"""The CloudEvent that Eventarc would make of a Pub/Sub message, in HTTP's binary mode."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from google.cloud.pubsub_v1.subscriber.message import Message

# A notification's eventType, in the words of Eventarc.
STORAGE_EVENTS = {
    "OBJECT_FINALIZE": "finalized",
    "OBJECT_DELETE": "deleted",
    "OBJECT_ARCHIVE": "archived",
    "OBJECT_METADATA_UPDATE": "metadataUpdated",
}
# The object resource's numbers, which its JSON writes as strings (int64).
_NUMBERS = ("generation", "metageneration", "size", "componentCount")
# What a ce- header may carry as it is: U+0021 to U+007E, without the double quote and the percent sign.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


@dataclass(frozen=True, slots=True)
class Push:
    """A Pub/Sub message as it is delivered."""

    message_id: str
    publish_time: str
    attributes: Mapping[str, str]
    data: bytes
    subscription: str

    @classmethod
    def of(cls, message: Message, subscription: str) -> "Push":
        """Return a pulled message as a push would carry it."""
        return cls(
            message_id=str(message.message_id),
            publish_time=message.publish_time.isoformat().replace("+00:00", "Z"),
            attributes=dict(message.attributes),
            data=bytes(message.data),
            subscription=subscription,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """The HTTP request that carries a CloudEvent."""

    headers: Mapping[str, str]
    body: bytes


def storage_event(push: Push) -> str:
    """Return the kind of storage event a notification tells of: finalized, deleted, archived or metadataUpdated."""
    return STORAGE_EVENTS[push.attributes["eventType"]]


def storage_delivery(push: Push) -> Delivery:
    """Make google.cloud.storage.object.v1.* of a bucket's notification; the body is the object resource."""
    resource = orjson.loads(push.data)
    bucket, name = push.attributes["bucketId"], push.attributes["objectId"]
    headers = {
        "ce-type": f"google.cloud.storage.object.v1.{storage_event(push)}",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        "ce-subject": f"objects/{name}",
        "ce-time": push.attributes.get("eventTime") or push.publish_time,
        "ce-bucket": bucket,
    }
    return _delivery(push, headers, _object_resource(resource))


def topic_delivery(push: Push, project: str, topic: str) -> Delivery:
    """Make google.cloud.pubsub.topic.v1.messagePublished of any message."""
    headers = {
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": f"//pubsub.googleapis.com/projects/{project}/topics/{topic}",
        "ce-time": push.publish_time,
    }
    message = {
        "data": base64.b64encode(push.data).decode(),
        "attributes": dict(push.attributes),
        "messageId": push.message_id,
        "publishTime": push.publish_time,
    }
    return _delivery(push, headers, {"message": message, "subscription": push.subscription})


def header_value(text: str) -> str:
    """Percent-encode what a header cannot carry (CloudEvents HTTP binding 1.0.2, section 3.1.3.2)."""
    return quote(text, safe=_PLAIN)


def _delivery(push: Push, headers: Mapping[str, str], body: Mapping[str, Any]) -> Delivery:
    whole = {"ce-specversion": "1.0", "ce-id": push.message_id, **headers}
    encoded = {name: header_value(value) for name, value in whole.items()}
    return Delivery({**encoded, "content-type": "application/json"}, orjson.dumps(body))


def _object_resource(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the resource as Google writes it; the local server leaves the first metageneration out."""
    numbers = {key: str(resource[key]) for key in _NUMBERS if key in resource}
    return {"metageneration": "1", **resource, **numbers}
