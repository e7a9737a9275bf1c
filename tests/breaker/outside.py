"""Look from outside: buckets by their listing, documents as plain maps, jobs by the service's own list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import urllib3

from attune_local.stack import plan
from attune_local.stack.stack import Stack

Fields = dict[str, Any]


class Sight(Protocol):
    """What can be seen from outside."""

    def intake(self) -> dict[str, int]:
        """The intake bucket: each object's generation."""

    def uploaded(self, name: str) -> bytes:
        """An object of the intake bucket."""

    def made(self, name: str) -> bytes:
        """An object of the dataset bucket; nothing where there is none."""

    def documents(self, *path: str) -> dict[str, Fields]:
        """The documents of a collection, by their ids."""

    def jobs(self) -> list[Fields]:
        """The tuning service's own list."""

    def log_lines(self) -> list[bytes]:
        """What every process has written."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The stack, looked at past attune."""

    stack: Stack

    def intake(self) -> dict[str, int]:
        return {blob.name: int(blob.generation) for blob in self.stack.storage_client().list_blobs(plan.INTAKE_BUCKET)}

    def uploaded(self, name: str) -> bytes:
        return self._read(plan.INTAKE_BUCKET, name)

    def made(self, name: str) -> bytes:
        blob = self.stack.storage_client().bucket(plan.DATASET_BUCKET).get_blob(name)
        return blob.download_as_bytes() if blob else b""

    def documents(self, *path: str) -> dict[str, Fields]:
        found = self.stack.firestore_client().collection(*path).stream()
        return {snapshot.id: snapshot.to_dict() or {} for snapshot in found}

    def jobs(self) -> list[Fields]:
        answer = urllib3.request("GET", f"{self.stack.url('vertex')}/_control/jobs").json()
        return [record["job"] for record in answer["jobs"]]

    def log_lines(self) -> list[bytes]:
        return [line for path in sorted(self.stack.logs.iterdir()) for line in path.read_bytes().splitlines()]

    def _read(self, bucket: str, name: str) -> bytes:
        data: bytes = self.stack.storage_client().bucket(bucket).blob(name).download_as_bytes()
        return data
