"""The ids of what is announced: the same for the same fact, another for another."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attune.domain.events.alias import AliasPromoted, AliasRejected, AliasRolledBack
from attune.domain.events.approval import AwaitingApproval
from attune.domain.events.message import Channel, Fact, message
from attune.domain.events.opening import LaunchTuning, ThresholdReached
from attune.domain.events.run import RunCancelled, RunFailed, RunStarted, RunSucceeded
from attune.domain.events.settings import SettingsInvalid

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROMOTED = AliasPromoted("d", "r000001", "champion", 1, "endpoints/1", "models/1", None, None)
REJECTED = AliasRejected("d", "r000001", "champion", "older")
ROLLED_BACK = AliasRolledBack(
    "d", "r000001", "champion", 3, "endpoints/1", "models/1", "endpoints/2", "r000002", "worse"
)
INVALID = SettingsInvalid("d", ("threshold: must be a number",), "digest", "2026-01-01T00:00:00+00:00")
FACTS: list[Fact] = [
    ThresholdReached("d", "r000001", 4, 4, waited=False),
    LaunchTuning("d", "r000001"),
    RunStarted("d", "r000001", "jobs/1", "gemini-2.5-flash", "gs://b/t", 4, 0, "gs://b/m"),
    AwaitingApproval("d", "r000001", "it costs 30.00 USD", 30.0, 20.0, 4, 2.5),
    RunSucceeded("d", "r000001", "jobs/1", "models/1", "endpoints/1", 0),
    RunFailed("d", "r000001", "no luck", "jobs/1", None),
    RunCancelled("d", "r000001", "given up", None),
    PROMOTED,
    REJECTED,
    ROLLED_BACK,
    INVALID,
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_has_the_same_id_whenever_it_is_told(fact: Fact) -> None:
    first, again = message(fact, NOW), message(fact, NOW + timedelta(days=1))
    assert first.id == again.id
    assert len(first.id) == 32


def test_an_id_never_changes() -> None:
    assert message(LaunchTuning("d", "r000001"), NOW).id == "1ae9f0589914566e3e15620d05f554c7"


def test_every_kind_of_fact_about_a_run_has_an_id_of_its_own() -> None:
    assert len({message(fact, NOW).id for fact in FACTS}) == len(FACTS)


@pytest.mark.parametrize("other", [LaunchTuning("d", "r000002"), LaunchTuning("e", "r000001")])
def test_another_run_or_dataset_is_another_fact(other: Fact) -> None:
    assert message(other, NOW).id != message(LaunchTuning("d", "r000001"), NOW).id


def test_every_move_of_an_alias_is_another_fact() -> None:
    moves = [replace(PROMOTED, serial=serial) for serial in range(1, 30)] + [replace(PROMOTED, alias="other")]
    assert len({message(move, NOW).id for move in moves}) == len(moves)


def test_two_runs_rejected_by_one_alias_are_two_facts() -> None:
    rejections = [REJECTED, replace(REJECTED, run="r000002"), replace(REJECTED, dataset="e")]
    assert len({message(rejected, NOW).id for rejected in rejections}) == 3


def test_every_edit_of_the_settings_is_another_fact() -> None:
    assert message(INVALID, NOW).id != message(replace(INVALID, written="another"), NOW).id


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_message_says_what_kind_about_what_and_to_whom(fact: Fact) -> None:
    told = message(fact, NOW)
    order = isinstance(fact, LaunchTuning)
    assert (told.type, told.dataset, told.at) == (fact.TYPE, "d", NOW)
    assert told.channel is (Channel.LAUNCH if order else Channel.EVENTS)
    assert json.loads(json.dumps(told.data))["dataset"] == "d"


def test_a_subject_is_a_path() -> None:
    assert message(FACTS[0], NOW).subject == "datasets/d/runs/r000001"
    assert message(PROMOTED, NOW).subject == "aliases/champion"
    assert message(REJECTED, NOW).subject == "aliases/champion"
    assert message(ROLLED_BACK, NOW).subject == "aliases/champion"
    assert message(INVALID, NOW).subject == "datasets/d"
