"""Create what Terraform creates in the cloud: buckets, topics, and a subscription for each trigger."""

from collections.abc import Iterable

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.storage import Client as StorageClient

from attune_local.stack.plan import (
    DATASET_BUCKET,
    EVENTS_TOPIC,
    INTAKE_BUCKET,
    INTAKE_TOPIC,
    LAUNCH_TOPIC,
    PROJECT,
    REGION,
    TICK_TOPIC,
    Trigger,
)

TOPICS = (EVENTS_TOPIC, LAUNCH_TOPIC, TICK_TOPIC, INTAKE_TOPIC)


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


def make_trigger_subscriptions(subscriber: SubscriberClient, triggers: Iterable[Trigger]) -> None:
    """Create each trigger's subscription, from which the bridge delivers."""
    for trigger in triggers:
        make_pull(subscriber, trigger.subscription, trigger.topic)


def topic_path(topic: str) -> str:
    """Return the topic's full name."""
    return str(PublisherClient.topic_path(PROJECT, topic))


def subscription_path(subscription: str) -> str:
    """Return the subscription's full name."""
    return str(SubscriberClient.subscription_path(PROJECT, subscription))
