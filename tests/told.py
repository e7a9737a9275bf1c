"""An example of everything attune announces or orders, and what its message looks like to a subscriber.

python tests/told.py    publish each to Pub/Sub's emulator, and write what comes out of it to tests/events
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from attune.adapters.pubsub import PubSubPost
from attune.domain.events.alias import AliasPromoted, AliasRejected, AliasRolledBack
from attune.domain.events.approval import AwaitingApproval, Measured
from attune.domain.events.message import Channel, Fact, message
from attune.domain.events.opening import LaunchTuning, ThresholdReached
from attune.domain.events.run import RunCancelled, RunFailed, RunStarted, RunSucceeded
from attune.domain.events.settings import SettingsInvalid
from attune_local.stack import provision
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until

EVENTS = Path(__file__).parent / "events"
SOURCE = "//attune/projects/attune-example"
AT = datetime(2026, 11, 20, 9, 31, 8, 902211, tzinfo=UTC)
_PLACE = "projects/attune-example/locations/us-central1"
_JOB = f"{_PLACE}/tuningJobs/7421988154903724032"
_MODEL = f"{_PLACE}/models/5316448837911871488@1"
_ENDPOINT = f"{_PLACE}/endpoints/1190274605118767104"
_FILES = "gs://attune-example-datasets/runs/interviews/r000002"

_REPORT = "gs://attune-example-datasets/reports/interviews/runs/r000002.html"
_MEASURED = Measured("wer", 21, challenger=0.082, champion=0.117, base=0.243, probability=0.987)

FACTS: tuple[Fact, ...] = (
    ThresholdReached("interviews", "r000002", pairs=104, threshold=100, waited=False),
    LaunchTuning("interviews", "r000002"),
    AwaitingApproval(
        "interviews",
        "r000002",
        reason="it would cost 61.20 USD, and max_run_cost_usd is 50.00",
        cost_usd=61.2,
        max_run_cost_usd=50.0,
        rows=187,
        hours=35.4,
    ),
    RunStarted(
        "interviews",
        "r000002",
        job=_JOB,
        base_model="gemini-2.5-flash",
        train_uri=f"{_FILES}/train.jsonl",
        train_rows=187,
        validation_rows=21,
        manifest_uri=f"{_FILES}/manifest.jsonl",
    ),
    RunSucceeded("interviews", "r000002", job=_JOB, model=_MODEL, endpoint=_ENDPOINT, dropped_rows=1),
    RunFailed("interviews", "r000002", reason="Failed to create endpoint.", job=_JOB, model=_MODEL),
    RunCancelled("interviews", "r000002", reason="a person rejected it: too noisy", job=None),
    AliasPromoted(
        "interviews",
        "r000002",
        alias="production",
        serial=2,
        endpoint=_ENDPOINT,
        model=_MODEL,
        previous_endpoint=f"{_PLACE}/endpoints/8831520946627379200",
        previous_run="r000001",
        measured=_MEASURED,
        report_uri=_REPORT,
    ),
    AliasRejected(
        "interviews",
        "r000002",
        alias="production",
        reason="production stands for r000003 of interviews already, which is newer",
        measured=_MEASURED,
        report_uri=_REPORT,
    ),
    AliasRolledBack(
        "interviews",
        "r000001",
        alias="production",
        serial=3,
        endpoint=f"{_PLACE}/endpoints/8831520946627379200",
        model=f"{_PLACE}/models/2284904152683970560@1",
        previous_endpoint=_ENDPOINT,
        previous_run="r000002",
        reason="names of places are misheard",
    ),
    SettingsInvalid(
        "interviews",
        errors=("threshold: Input should be greater than or equal to 1",),
        written="b1946ac92492d2347c6235b4",
        since="2026-11-20T09:31:08.902211+00:00",
    ),
)


def file_of(event_type: str) -> Path:
    """Where the example of a type lies."""
    return EVENTS / f"{event_type}.json"


def captured(event_type: str) -> dict[str, Any]:
    """The message as a subscriber has it: its attributes, and its data, which is JSON on the wire, too."""
    read: dict[str, Any] = json.loads(file_of(event_type).read_text("utf-8"))
    return read


def heard(stack: Stack, fact: Fact) -> Mapping[str, Any]:
    """What a subscriber of the emulator is given when the fact is published."""
    topic, subscription = _topic_with_subscription(stack)
    post = PubSubPost(stack.publisher, dict.fromkeys(Channel, topic), SOURCE)
    post.publish(message(fact, AT))

    def pulled() -> Any:
        asked = {"subscription": subscription, "max_messages": 1}
        return stack.subscriber().pull(asked, timeout=10).received_messages

    found = wait_until(pulled, 10, fact.TYPE)[0].message
    return {"attributes": dict(found.attributes), "data": json.loads(found.data)}


def _topic_with_subscription(stack: Stack) -> tuple[str, str]:
    name = f"told-{uuid4().hex}"
    topic = stack.publisher().create_topic(name=provision.topic_path(name)).name
    return topic, provision.make_pull(stack.subscriber(), name, name)


def main() -> None:
    """Capture every example anew."""
    with Stack() as stack:
        for fact in FACTS:
            text = json.dumps(heard(stack, fact), ensure_ascii=False, indent=2, sort_keys=True)
            file_of(fact.TYPE).write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
