"""Who may do what: every right that `infra` grants, on the narrowest thing, and those that Google grants itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attune.ports_project import Grant, Kind, Place
from attune.services.doctor.names import DEAD_LETTERS, FUNCTIONS, REPOSITORY, SUBSCRIPTION, Names

_READ = "roles/storage.objectViewer"
_PUBLISH = "roles/pubsub.publisher"
# The folders of the dataset bucket in which a function may delete, and the files in runs/ that it may.
_REMOVES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "launch": (("shards", "drafts"), ()),
    "watch": (("reports", "shards", "drafts", "rows", "audio", "texts"), ("train.jsonl", "validation.jsonl")),
}


@dataclass(frozen=True, slots=True)
class Right:
    """A grant that has to be there, and whose it is; `by_google` where Google makes it with the account."""

    who: str
    grant: Grant
    on: Place
    by_google: bool = False


@dataclass(frozen=True, slots=True)
class Charter:
    """The rights in a project of this number.

    `tuning_account` where jobs run under an account of ours, `traced` where the functions send their traces to Google.
    """

    names: Names
    number: str
    tuning_account: bool
    traced: bool = False

    def rights(self) -> tuple[Right, ...]:
        """Every right, account by account."""
        functions = (right for name in FUNCTIONS for right in self._of_function(name))
        triggers = (right for name in FUNCTIONS for right in self._of_trigger(name))
        return (*functions, *triggers, *self._of_build(), *self._of_tuning(), *self._of_agents())

    def agent(self, service: str) -> str:
        """The address of the account that a service of Google's works under in this project."""
        return f"service-{self.number}@{service}.iam.gserviceaccount.com"

    @property
    def _project(self) -> Place:
        return Place(Kind.PROJECT, self.names.at.project)

    def _own(self, account: str, role: str, on: Place, condition: str | None = None) -> Right:
        return Right(account, Grant(role, f"serviceAccount:{self.names.address(account)}", condition), on)

    def _of_agent(self, service: str, role: str, on: Place, *, by_google: bool = False) -> Right:
        return Right(service, Grant(role, f"serviceAccount:{self.agent(service)}"), on, by_google)

    def _of_function(self, name: str) -> list[Right]:
        at, account = self.names.at, f"attune-{name}"
        database = f'resource.name == "projects/{at.project}/databases/{at.firestore_database}"'
        return [
            self._own(account, "roles/datastore.user", self._project, database),
            *([self._own(account, "roles/telemetry.tracesWriter", self._project)] if self.traced else []),
            *(self._own(account, *right) for right in self._peculiar()[name]),
        ]

    def _peculiar(self) -> dict[str, list[tuple[str, Place] | tuple[str, Place, str]]]:
        at = self.names.at
        reads, finds, writes, removes = (self._role(name) for name in ("Reader", "Finder", "Writer", "Remover"))
        intake, dataset = Place(Kind.BUCKET, at.intake_bucket), Place(Kind.BUCKET, at.dataset_bucket)
        events, launch = (_PUBLISH, Place(Kind.TOPIC, at.events_topic)), (_PUBLISH, Place(Kind.TOPIC, at.launch_topic))
        tuning = Place(Kind.ACCOUNT, self.names.address("attune-tuning"))
        return {
            "ingest": [(finds, intake), (reads, dataset), (writes, dataset), events, launch],
            "erase": [(finds, intake)],
            "launch": [
                (finds, dataset),
                (writes, dataset),
                (removes, dataset, removable("launch", at.dataset_bucket)),
                events,
                (self._role("Tuner"), self._project),
                ("roles/iam.serviceAccountUser", tuning),
            ],
            "watch": [
                (finds, intake),
                (finds, dataset),
                (writes, dataset),
                (removes, dataset, removable("watch", at.dataset_bucket)),
                events,
                launch,
                (self._role("Follower"), self._project),
            ],
        }

    def _role(self, name: str) -> str:
        return f"projects/{self.names.at.project}/roles/attune{name}"

    def _of_trigger(self, name: str) -> list[Right]:
        account = f"attune-{name}-trigger"
        return [
            self._own(account, "roles/eventarc.eventReceiver", self._project),
            self._own(account, "roles/run.invoker", Place(Kind.SERVICE, f"attune-{name}")),
        ]

    def _of_build(self) -> list[Right]:
        copies = f"projects/_/buckets/gcf-v2-sources-{self.number}-{self.names.at.region}"
        return [
            self._own("attune-build", "roles/artifactregistry.writer", Place(Kind.REPOSITORY, REPOSITORY)),
            self._own("attune-build", _READ, Place(Kind.BUCKET, self.names.source_bucket)),
            self._own("attune-build", _READ, self._project, f'resource.name.startsWith("{copies}")'),
            self._own("attune-build", "roles/logging.logWriter", self._project),
        ]

    def _of_tuning(self) -> list[Right]:
        account, agent = "attune-tuning", "gcp-sa-vertex-tune"
        dataset = Place(Kind.BUCKET, self.names.at.dataset_bucket)
        own = [
            self._own(account, "roles/aiplatform.tuningServiceAgent", self._project),
            self._own(account, _READ, dataset),
        ]
        if not self.tuning_account:
            return own
        taken_on = Place(Kind.ACCOUNT, self.names.address(account))
        return [
            *own,
            self._of_agent(agent, _READ, dataset),
            self._of_agent(agent, "roles/iam.serviceAccountTokenCreator", taken_on),
        ]

    def _of_agents(self) -> list[Right]:
        subscription = Place(Kind.SUBSCRIPTION, SUBSCRIPTION)
        return [
            self._of_agent("gs-project-accounts", _PUBLISH, self._project),
            self._of_agent("gcp-sa-pubsub", _PUBLISH, Place(Kind.TOPIC, DEAD_LETTERS)),
            self._of_agent("gcp-sa-pubsub", "roles/pubsub.subscriber", subscription),
            self._of_agent("gcp-sa-eventarc", "roles/eventarc.serviceAgent", self._project, by_google=True),
        ]


def removable(function: str, bucket: str) -> str:
    """Where in the dataset bucket a function may delete, as the condition of its right."""
    folders, files = _REMOVES[function]
    objects = f"projects/_/buckets/{bucket}/objects"
    places = [f'resource.name.startsWith("{objects}/{folder}/")' for folder in folders]
    of_runs = " || ".join(f'resource.name.endsWith("/{file}")' for file in files)
    if of_runs:
        places.append(f'(resource.name.startsWith("{objects}/runs/") && ({of_runs}))')
    return " || ".join(places)
