"""The same schedules through the real adapters, on the emulators: fewer, because each call crosses a wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.storage import GcsIntake, GcsObjects
from attune.domain.arrival import Arrival
from attune_local.stack import clients
from attune_local.stack.stack import Stack
from attune_local.vertex.gcs import GcsObjects as ServiceGcs
from service.test_schedules import Play, Script, check, scripts
from service.theatre import Stage
from thoroughness import tries

SCHEDULES = tries(2, 60)


@dataclass(slots=True)
class EmulatedStage(Stage):
    """A stage of its own on the shared emulators: a project and two buckets that no other has."""

    stack: Any = None
    name: str = field(default_factory=lambda: f"stage-{uuid4().hex[:16]}")

    def __post_init__(self) -> None:
        self.documents = FirestoreDocuments(clients.firestore_client(self.stack.address("firestore"), self.name))
        for bucket in (f"{self.name}-intake", f"{self.name}-datasets"):
            self.stack.storage_client().create_bucket(bucket)
        Stage.__post_init__(self)

    def seen_by_the_service(self) -> Any:
        return ServiceGcs(self.stack.url("storage"))

    def buckets(self) -> tuple[Any, Any]:
        client = self.stack.storage_client()
        return GcsIntake(client, f"{self.name}-intake"), GcsObjects(client, f"{self.name}-datasets")

    def upload(self, name: str, data: bytes) -> Arrival:
        blob = self.stack.storage_client().bucket(f"{self.name}-intake").blob(name)
        blob.upload_from_string(data)
        return Arrival(name, int(blob.generation), len(data))

    def delete(self, name: str) -> int:
        blob = self.stack.storage_client().bucket(f"{self.name}-intake").get_blob(name)
        blob.delete()
        return int(blob.generation)


@pytest.mark.emulators
@pytest.mark.timeout(300)
def test_any_schedule_ends_the_same_way_on_the_emulators(stack: Stack) -> None:
    @settings(
        max_examples=SCHEDULES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(scripts)
    def act(script: Script) -> None:
        play = Play(script, EmulatedStage(stack=stack))
        play.run()
        check(play)

    act()
