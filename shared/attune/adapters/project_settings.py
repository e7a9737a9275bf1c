"""The port `Written`: the settings that people wrote, as they stand in the manifests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from google.cloud import firestore

from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.reach import reaching
from attune.deployment import Deployment
from attune.ports import Documents
from attune.services.manifests import of_datasets

_PATIENCE_SECONDS = 15.0


class WrittenSettings:
    """The port `Written`; the client is made at the first question."""

    def __init__(self, connect: Callable[[], Documents]) -> None:
        self._connect = connect
        self._documents: Documents | None = None

    def defaults(self) -> Mapping[str, object] | None:
        """`settings/defaults`; None where it is not there."""
        with reaching("the settings", "roles/datastore.viewer"):
            found = self._there.get(of_datasets.DEFAULTS)
        return found.value.fields if found else None

    def datasets(self) -> Mapping[str, Mapping[str, object]]:
        """Every `datasets/{dataset}`, by the dataset."""
        with reaching("the settings", "roles/datastore.viewer"):
            found = self._there.find(of_datasets.configured_datasets())
        return {each.key.path[-1]: each.value.fields for each in found}

    @property
    def _there(self) -> Documents:
        self._documents = self._documents or self._connect()
        return self._documents


def written_settings(at: Deployment) -> WrittenSettings:
    """The settings in a deployment's database."""

    def connect() -> Documents:
        client = firestore.Client(project=at.project, database=at.firestore_database)
        return FirestoreDocuments(client, _PATIENCE_SECONDS)

    return WrittenSettings(connect)
