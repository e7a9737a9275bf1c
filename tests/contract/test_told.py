"""The examples of messages are what a subscriber is given."""

from __future__ import annotations

import pytest

from attune.domain.events.message import Fact
from attune_local.stack.stack import Stack
from told import FACTS, captured, heard


@pytest.mark.emulators
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.TYPE)
def test_a_message_comes_out_of_its_topic_as_captured(fact: Fact, stack: Stack) -> None:
    assert heard(stack, fact) == captured(fact.TYPE)
