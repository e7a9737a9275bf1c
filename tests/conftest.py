"""For every test: no connection leaves this machine; and one stack of emulators for each worker."""

import ipaddress
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from attune_local.stack.emulators import find_emulators
from attune_local.stack.errors import EmulatorsMissing
from attune_local.stack.stack import Stack

# Where a connection's or a look-up's destination stands among the arguments of Python's audit events.
DESTINATIONS = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}


class LeavesTheMachine(RuntimeError):  # noqa: N818 - the name says what is the matter
    """A test tried to reach another machine; no retry catches this."""


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> None:
    sys.addaudithook(_refuse_others)


@pytest.fixture(scope="session")
def emulators_installed() -> None:
    try:
        find_emulators()
    except EmulatorsMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def stack(emulators_installed: None) -> Iterator[Stack]:  # noqa: ARG001 - skips, and gives nothing
    """Firestore, Pub/Sub and object storage."""
    with Stack() as running:
        yield running


@pytest.fixture
def unique() -> str:
    """A name that no other test has, fit for a bucket, a topic, a document or a folder."""
    return f"test-{uuid4().hex[:16]}"


def _refuse_others(event: str, arguments: tuple[Any, ...]) -> None:
    if event in DESTINATIONS and not _stays(arguments[DESTINATIONS[event]]):
        raise LeavesTheMachine(f"{event} to {arguments[DESTINATIONS[event]]!r}: tests stay on the loopback.")


def _stays(destination: object) -> bool:
    """Whether a socket address (a path, for a local socket) or a host name is on this machine."""
    host = destination[0] if isinstance(destination, tuple) else destination
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in {"", "localhost"} or name.startswith(("/", "\0")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
