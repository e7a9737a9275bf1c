"""The local stack's names and what may be chosen about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = "attune-local"
REGION = "us-central1"
INTAKE_BUCKET = "attune-local-intake"
DATASET_BUCKET = "attune-local-datasets"
EVENTS_TOPIC = "attune-events"
LAUNCH_TOPIC = "attune-launch"
TICK_TOPIC = "attune-tick"
# Where the storage server announces what happens to objects, as a bucket's notifications do.
INTAKE_TOPIC = "attune-intake"
# A pull subscription on the events, for whoever wants to look.
EVENTS_SUBSCRIPTION = "attune-events-watch"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function and the topic that sets it off.

    Where the topic carries a bucket's notifications, `storage` are the kinds that reach the function: finalized,
    deleted, archived.
    """

    function: str
    topic: str
    storage: tuple[str, ...] = ()

    @property
    def subscription(self) -> str:
        """Its subscription's name."""
        return f"attune-{self.function}"


TRIGGERS = (
    Trigger("ingest", INTAKE_TOPIC, storage=("finalized",)),
    Trigger("erase", INTAKE_TOPIC, storage=("deleted", "archived")),
    Trigger("launch", LAUNCH_TOPIC),
    Trigger("watch", TICK_TOPIC),
)


@dataclass(frozen=True, slots=True)
class VertexPace:
    """How the stand-in for Vertex behaves: jobs at once, the seconds that a job waits and runs, further options.

    It repeats by heart what its models were taught, at once; or it `listens`, which takes a processor half a second for
    a recording.
    """

    quota: int = 1
    queue_seconds: float = 1.0
    run_seconds: float = 3.0
    listens: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which parts to start.

    `staged` holds a folder for each trigger's function; without it neither functions nor bridge are started.
    `vertex` None leaves the stand-in out; `admin` adds the one for Google's admin APIs.
    `tick_seconds` None leaves ticking to `Stack.tick`.
    `backoff_seconds` are the first and the longest wait before a refused event is posted again (Eventarc: 10 and 600).
    `settings` is added to the functions' environment. Logs go to `logs`, or to a folder that is removed at the end.
    Objects are in memory, or in the folder `objects`, where they outlive the storage server's process.
    """

    staged: Path | None = None
    triggers: tuple[Trigger, ...] = TRIGGERS
    vertex: VertexPace | None = None
    admin: bool = False
    tick_seconds: float | None = None
    backoff_seconds: tuple[float, float] = (0.1, 5.0)
    threads: int = 8
    settings: Mapping[str, str] = field(default_factory=dict)
    logs: Path | None = None
    objects: Path | None = None


EMULATORS_ONLY = Plan()
