"""What a function asks of a service as a proxy sees it, and what may be done to the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """The services behind proxies."""

    FIRESTORE = "firestore"
    PUBSUB = "pubsub"
    STORAGE = "storage"
    VERTEX = "vertex"


@dataclass(frozen=True, slots=True)
class Call:
    """A remote call: who makes it, of which service, which method, and on what.

    `method` is a gRPC method's own name (`Commit`, `BatchGetDocuments`, `Publish`), or an HTTP verb with its path's
    template (`GET object`, `LIST objects`, `UPLOAD object`, `COMPOSE object`, `DELETE object`; of a Vertex resource
    `POST tuningJobs`, `LIST tuningJobs`, `GET tuningJobs` for one of them, and its verb: `POST generateContent`).
    `targets` are what it touches: document paths, the collection of a query (`pairs`; `**/pairs` for a group),
    `bucket/object` (`bucket/prefix` of a listing), topics, resource names. `overwrites` says whether an upload or a
    composition has no precondition that its name is free. A resumable upload is as many calls as it has requests, all
    with the target and the `overwrites` of the first.
    """

    function: str
    service: Service
    method: str
    targets: tuple[str, ...] = ()
    overwrites: bool = False


class Fate(StrEnum):
    """What becomes of a call."""

    PASS = "pass"  # noqa: S105 - the call's, not a password
    TOO_MANY = "too many"
    """429, RESOURCE_EXHAUSTED: it never arrives."""
    UNAVAILABLE = "unavailable"
    """503, UNAVAILABLE: it never arrives."""
    DENIED = "denied"
    """403, PERMISSION_DENIED: it never arrives."""
    RESET = "reset"
    """The connection is cut before it arrives."""
    LOST = "lost"
    """It is done, and the answer is cut off."""
    SLOW = "slow"
    """It is done, and the answer comes late, an HTTP body in pieces."""
    KILL_BEFORE = "kill before"
    """The caller is killed before it arrives."""
    KILL_AFTER = "kill after"
    """The caller is killed when it is done, and never hears."""


Judge = Callable[[Call], Fate]
