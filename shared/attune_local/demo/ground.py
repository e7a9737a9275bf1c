"""What the demo plays on: the local stack, or the in-memory twins where the emulators are missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import google_crc32c
import urllib3
from google.cloud.firestore import DocumentReference

from attune import bootstrap, world
from attune.adapters.ear import LibraryEar
from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.scoring import LibraryScorer
from attune.bootstrap import Ports
from attune.deployment import Deployment
from attune.domain.arrival import Arrival, Departure
from attune.domain.events.message import Channel
from attune.errors import PassingError
from attune.ports import Create, Delete, Documents, Key, RawDocument
from attune_local.stack import plan
from attune_local.stack.inbox import Inbox
from attune_local.stack.stack import Stack
from attune_local.twins.answering import EngineAnswering
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import MemoryBucket, MemoryIntake, MemoryObjects
from attune_local.twins.post import MemoryPost
from attune_local.twins.tuning import BucketContents, EngineTuning
from attune_local.vertex.engine import Engine
from attune_local.vertex.engine import Settings as ServiceSettings
from attune_local.vertex.hearing.booths import Booths
from attune_local.vertex.hearing.choice import by_heart, choose
from attune_local.vertex.jobs import Timing
from attune_local.vertex.objects import MemoryObjects as ServiceObjects

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as a subscriber got it."""

    id: str
    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A tuning job as it stands at the service: not what attune says of it."""

    label: str
    name: str
    state: str


SWEEP_SECONDS = 5
"""A pass over the intake bucket begins so often, where the demo is played."""


class Ground(Protocol):
    """What a person, a subscriber and someone looking from outside can do."""

    @property
    def documents(self) -> Documents:
        """The documents, to look at."""
        ...

    @property
    def where(self) -> str:
        """What it is, in words."""
        ...

    def write_settings(self, dataset: str, fields: dict[str, object]) -> None:
        """Writes `datasets/{dataset}`, as a person would."""
        ...

    def drop(self, name: str, data: bytes) -> None:
        """Uploads a file."""
        ...

    def delete(self, name: str) -> None:
        """Deletes a file."""
        ...

    def lineage(self, name: str) -> list[str]:
        """What `attune lineage` says of a file, a line each."""
        ...

    def intake(self) -> dict[str, int]:
        """The intake bucket's listing: each live object's generation."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The dataset bucket's objects under a prefix."""
        ...

    def read(self, name: str) -> bytes:
        """An object of the dataset bucket."""
        ...

    def uri(self, name: str) -> str:
        """Its address."""
        ...

    def told(self) -> list[Told]:
        """What a subscriber has received so far, duplicates included."""
        ...

    def jobs(self) -> list[JobSeen]:
        """The service's own list of jobs."""
        ...

    def logs(self) -> Iterator[bytes]:
        """Every line that the functions logged."""
        ...

    def let_work(self) -> None:
        """Lets some time pass, in which the functions work."""
        ...

    def roll_back(self, alias: str, reason: str) -> str:
        """Takes the alias one step back, by the command for it; returns what that said."""
        ...


@dataclass(frozen=True, slots=True)
class StackGround:
    """The local stack: other processes do the work, and this one only looks."""

    stack: Stack
    inbox: Inbox
    documents: Documents
    where: str = "the local stack: Google's Firestore and Pub/Sub emulators, a Cloud Storage server, Vertex's stand-in"

    @classmethod
    def on(cls, stack: Stack) -> StackGround:
        """The ground on a stack that runs."""
        return cls(stack, stack.subscribe(), FirestoreDocuments(stack.firestore_client()))

    def write_settings(self, dataset: str, fields: dict[str, object]) -> None:
        """Writes `datasets/{dataset}` with Firestore's own client."""
        reference: DocumentReference = self.stack.firestore_client().document("datasets", dataset)
        reference.set(fields)

    def drop(self, name: str, data: bytes) -> None:
        """Uploads a file with Cloud Storage's own client."""
        self.stack.storage_client().bucket(plan.INTAKE_BUCKET).blob(name).upload_from_string(data)

    def delete(self, name: str) -> None:
        """Deletes it with Cloud Storage's own client."""
        self.stack.storage_client().bucket(plan.INTAKE_BUCKET).blob(name).delete()

    def lineage(self, name: str) -> list[str]:
        """Runs `attune lineage`, as a person would."""
        return self._attune("lineage", name).splitlines()

    def intake(self) -> dict[str, int]:
        """The listing."""
        blobs = self.stack.storage_client().list_blobs(plan.INTAKE_BUCKET)
        return {blob.name: int(blob.generation) for blob in blobs}

    def names(self, prefix: str) -> list[str]:
        """The listing of a prefix."""
        return [blob.name for blob in self.stack.storage_client().list_blobs(plan.DATASET_BUCKET, prefix=prefix)]

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        data: bytes = self.stack.storage_client().bucket(plan.DATASET_BUCKET).blob(name).download_as_bytes()
        return data

    def uri(self, name: str) -> str:
        """Its address."""
        return f"gs://{plan.DATASET_BUCKET}/{name}"

    def told(self) -> list[Told]:
        """What came to a subscription of our own."""
        return [
            Told(each.attributes["ce-id"], each.attributes["ce-type"], each.attributes["ce-subject"])
            for each in self.inbox.messages()
        ]

    def jobs(self) -> list[JobSeen]:
        """The stand-in's own list, asked past attune."""
        answer = urllib3.request("GET", f"{self.stack.url('vertex')}/_control/jobs").json()
        return [
            JobSeen(job["labels"].get("attune_run", ""), job["name"], str(job["state"]))
            for job in (record["job"] for record in answer["jobs"])
        ]

    def logs(self) -> Iterator[bytes]:
        """The functions' log files."""
        for path in sorted(Path(self.stack.logs).iterdir()):
            yield from path.read_bytes().splitlines()

    def let_work(self) -> None:
        """Waits a moment, and sees that every process is alive."""
        self.stack.processes.check()
        time.sleep(_LOOK_SECONDS)

    def roll_back(self, alias: str, reason: str) -> str:
        """Runs `attune rollback`, as a person would."""
        return self._attune("rollback", alias, "--reason", reason)

    def _attune(self, *command: str) -> str:
        """What a command says, run as a person would."""
        done = subprocess.run(
            [sys.executable, "-m", "attune.cli", *command, "--project", plan.PROJECT],
            env=os.environ | self.stack.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


@dataclass(slots=True)
class TwinGround:
    """The twins: this process does the work, one event at a time, through the same services.

    With booths to recognise speech in, its models listen; without, they know by heart what they were taught.
    """

    where: str = "the in-memory twins of the services, through the same code"
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    intake_bucket: MemoryBucket = field(default_factory=lambda: MemoryBucket(plan.INTAKE_BUCKET))
    dataset_bucket: MemoryBucket = field(default_factory=lambda: MemoryBucket(plan.DATASET_BUCKET))
    post: MemoryPost = field(default_factory=MemoryPost)
    booths: Booths | None = None
    engine: Engine = field(init=False)
    _arrivals: list[Arrival] = field(default_factory=list)
    _departures: list[Departure] = field(default_factory=list)
    _orders: int = 0

    def __post_init__(self) -> None:
        """Builds the stand-in's engine over the dataset bucket."""
        contents = ServiceObjects(BucketContents(self.dataset_bucket))
        pace = plan.VertexPace()
        timing = Timing(timedelta(seconds=pace.queue_seconds), timedelta(seconds=pace.run_seconds))
        hearing = choose(contents, self.booths) if self.booths else by_heart(contents)
        settings = ServiceSettings(quota=pace.quota, timing=timing)
        self.engine = Engine(hearing.objects, settings=settings, listener=hearing.listener)

    def write_settings(self, dataset: str, fields: dict[str, object]) -> None:
        """Writes `datasets/{dataset}`."""
        key = Key(RawDocument, ("datasets", dataset))
        self.documents.commit(Delete(key))
        self.documents.commit(Create(key, RawDocument(fields)))

    def drop(self, name: str, data: bytes) -> None:
        """Uploads a file, whose event waits."""
        self._arrivals.append(Arrival(name, self.intake_bucket.upload(name, data), len(data)))

    def delete(self, name: str) -> None:
        """Deletes a file, whose event waits."""
        self._departures.append(Departure(name, self.intake_bucket.live[name].generation))
        self.intake_bucket.delete(name)

    def lineage(self, name: str) -> list[str]:
        """Asks the service behind the command."""
        uses = bootstrap.lineage(self._ports()).of(name).uses
        return [f"{use.by.run.id}, {use.split}: {use.by.run.model}" for use in uses]

    def intake(self) -> dict[str, int]:
        """The listing."""
        return {name: found.generation for name, found in self.intake_bucket.live.items()}

    def names(self, prefix: str) -> list[str]:
        """The listing of a prefix."""
        return sorted(name for name in self.dataset_bucket.live if name.startswith(prefix))

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        return self.dataset_bucket.live[name].data

    def uri(self, name: str) -> str:
        """Its address."""
        return f"gs://{plan.DATASET_BUCKET}/{name}"

    def told(self) -> list[Told]:
        """What was published."""
        return [Told(sent.id, sent.type, sent.subject) for sent in self.post.on(Channel.EVENTS)]

    def jobs(self) -> list[JobSeen]:
        """The engine's own list."""
        return [
            JobSeen(record.job.request.labels.get("attune_run", ""), record.job.name, str(record.job.state))
            for record in self.engine.jobs()
        ]

    def logs(self) -> Iterator[bytes]:
        """The services log nothing: the functions' doors do, and there are none here."""
        return iter(())

    def let_work(self) -> None:
        """Delivers what waits, and ticks."""
        for arrival in self._arrivals:
            bootstrap.ingest(self._ports())(arrival)
        self._arrivals.clear()
        for departure in self._departures:
            bootstrap.erase(self._ports())(departure)
        self._departures.clear()
        bootstrap.watch(self._ports(), self._deployment())()
        orders = self.post.on(Channel.LAUNCH)
        for order in orders[self._orders :]:
            self._launch(order.dataset)
        self._orders = len(orders)
        time.sleep(_LOOK_SECONDS)

    def roll_back(self, alias: str, reason: str) -> str:
        """Asks the service behind the command."""
        return bootstrap.rolling_back(self._ports())(alias, reason).said

    def _launch(self, dataset: str) -> None:
        try:
            bootstrap.launch(self._ports(), self._deployment())(dataset)
        except PassingError:
            return  # the next tick orders it again

    def _ports(self) -> Ports:
        return Ports(
            documents=lambda: self.documents,
            intake=lambda: MemoryIntake(self.intake_bucket),
            objects=lambda: MemoryObjects(self.dataset_bucket),
            ear=LibraryEar,
            post=lambda: self.post,
            tuning=lambda: EngineTuning(self.engine),
            answering=lambda: EngineAnswering(self.engine),
            scorer=LibraryScorer,
            checksum=lambda: google_crc32c.value,
            each=world.in_threads,
            clock=world.now,
            new_owner=world.new_owner,
        )

    @staticmethod
    def _deployment() -> Deployment:
        return Deployment(
            project=plan.PROJECT,
            region=plan.REGION,
            intake_bucket=plan.INTAKE_BUCKET,
            dataset_bucket=plan.DATASET_BUCKET,
            sweep_seconds=SWEEP_SECONDS,
        )
