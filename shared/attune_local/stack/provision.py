"""Create what Terraform creates in the cloud: buckets, topics, and a push subscription for each trigger."""

from collections.abc import Iterable
from datetime import timedelta

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.storage import Client as StorageClient
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.types import PushConfig, RetryPolicy, Subscription

from attune_local.stack.plan import (
    ACK_DEADLINE_SECONDS,
    DATASET_BUCKET,
    EVENTS_TOPIC,
    FINALIZED_TOPIC,
    INTAKE_BUCKET,
    LAUNCH_TOPIC,
    PROJECT,
    REGION,
    TICK_TOPIC,
    Backoff,
    Trigger,
)

TOPICS = (EVENTS_TOPIC, LAUNCH_TOPIC, TICK_TOPIC, FINALIZED_TOPIC)


def make_buckets(client: StorageClient) -> None:
    """Create the intake and the dataset bucket."""
    for name in (INTAKE_BUCKET, DATASET_BUCKET):
        client.create_bucket(name, location=REGION)


def make_topics(publisher: PublisherClient) -> None:
    """Create every topic."""
    for topic in TOPICS:
        publisher.create_topic(name=topic_path(topic))


def make_pull(subscriber: SubscriberClient, name: str, topic: str) -> str:
    """Create a pull subscription on the topic and return its full name."""
    return str(subscriber.create_subscription(name=subscription_path(name), topic=topic_path(topic)).name)


def make_pushes(subscriber: SubscriberClient, triggers: Iterable[Trigger], bridge: str, backoff: Backoff) -> None:
    """Create each trigger's push subscription, which delivers to the bridge at the URL."""
    for trigger in triggers:
        subscription = Subscription(
            name=subscription_path(trigger.subscription),
            topic=topic_path(trigger.topic),
            push_config=PushConfig(push_endpoint=f"{bridge}/deliver/{trigger.function}"),
            ack_deadline_seconds=ACK_DEADLINE_SECONDS,
            retry_policy=RetryPolicy(
                minimum_backoff=_duration(backoff.minimum), maximum_backoff=_duration(backoff.maximum)
            ),
        )
        subscriber.create_subscription(request=subscription)


def topic_path(topic: str) -> str:
    """Return the topic's full name."""
    return str(PublisherClient.topic_path(PROJECT, topic))


def subscription_path(subscription: str) -> str:
    """Return the subscription's full name."""
    return str(SubscriberClient.subscription_path(PROJECT, subscription))


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
