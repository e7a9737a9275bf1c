"""The post: each message goes to its channel's topic, as a CloudEvent whose attributes a subscription can filter on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest

from attune.domain.events.message import Channel, Message, message
from attune.domain.events.opening import LaunchTuning, ThresholdReached
from attune.domain.events.settings import SettingsInvalid
from contract.conftest import Office, Topics

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
REACHED = message(ThresholdReached("calls", "r000001", 100, 100, waited=False), NOW)
ORDER = message(LaunchTuning("calls", "r000001"), NOW)


class Colour(StrEnum):
    RED = "red"


def test_a_message_is_with_its_channels_topic_when_publish_returns(office: Office) -> None:
    office.post.publish(REACHED)
    office.post.publish(ORDER)
    assert office.ids(Channel.EVENTS, 1) == [REACHED.id]
    assert office.ids(Channel.LAUNCH, 1) == [ORDER.id]


def test_a_message_that_is_published_twice_comes_twice_under_the_same_id(office: Office) -> None:
    office.post.publish(REACHED)
    office.post.publish(REACHED)
    assert office.ids(Channel.EVENTS, 2) == [REACHED.id, REACHED.id]


@pytest.mark.emulators
def test_the_attributes_are_those_of_the_cloudevents_binding(topics: Topics) -> None:
    topics.post.publish(REACHED)
    (found,) = topics.received(Channel.EVENTS)
    assert dict(found.attributes) == {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": REACHED.id,
        "ce-source": f"//attune/projects/{topics.project}",
        "ce-type": "dev.attune.dataset.v1.thresholdReached",
        "ce-subject": "datasets/calls/runs/r000001",
        "ce-time": "2026-11-22T12:30:15.123456Z",
        "ce-dataset": "calls",
    }
    assert json.loads(found.data) == {
        "dataset": "calls",
        "run": "r000001",
        "pairs": 100,
        "threshold": 100,
        "waited": False,
    }


@pytest.mark.emulators
def test_a_time_elsewhere_is_told_in_utc(topics: Topics) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    topics.post.publish(message(LaunchTuning("calls", "r000001"), elsewhere))
    (found,) = topics.received(Channel.LAUNCH)
    assert found.attributes["ce-time"] == "2026-11-22T12:30:15.123456Z"


@pytest.mark.emulators
def test_names_and_sentences_in_any_script_are_told_as_they_are(topics: Topics) -> None:
    errors = ("threshold: muß größer sein",)
    topics.post.publish(message(SettingsInvalid("Gespräche 会話 🙂", errors, "w", NOW.isoformat()), NOW))
    (found,) = topics.received(Channel.EVENTS)
    assert found.attributes["ce-dataset"] == "Gespräche 会話 🙂"
    assert found.attributes["ce-subject"] == "datasets/Gespräche 会話 🙂"
    assert json.loads(found.data)["errors"] == ["threshold: muß größer sein"]


@pytest.mark.emulators
def test_a_message_may_carry_times_enums_and_tuples(topics: Topics) -> None:
    body = {"at": NOW, "colour": Colour.RED, "both": (1, None), "deep": {"er": (Colour.RED,)}}
    topics.post.publish(Message("m", Channel.EVENTS, "t", "calls", "s", NOW, body))
    (found,) = topics.received(Channel.EVENTS)
    assert json.loads(found.data) == {
        "at": "2026-11-22T12:30:15.123456Z",
        "colour": "red",
        "both": [1, None],
        "deep": {"er": ["red"]},
    }
