"""The names of what `infra` makes for a deployment, beside those that the deployment itself is told."""

from __future__ import annotations

from dataclasses import dataclass

from attune.deployment import Deployment

FUNCTIONS = ("ingest", "erase", "launch", "watch")
APIS = (
    "aiplatform.googleapis.com",
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "eventarc.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
)
TRACES_API = "telemetry.googleapis.com"
"""On where the functions send their traces to Google."""
ROLES = {
    "attuneTuner": ("aiplatform.tuningJobs.create", "aiplatform.tuningJobs.list"),
    "attuneReader": ("storage.objects.get",),
    "attuneFinder": ("storage.objects.get", "storage.objects.list"),
    "attuneWriter": ("storage.objects.create",),
    "attuneRemover": ("storage.objects.delete",),
    "attuneFollower": (
        "aiplatform.endpoints.get",
        "aiplatform.endpoints.predict",
        "aiplatform.models.get",
        "aiplatform.models.update",
        "aiplatform.tuningJobs.get",
        "aiplatform.tuningJobs.list",
    ),
}
_MESSAGE = "google.cloud.pubsub.topic.v1.messagePublished"
EVENTS = {
    "ingest": "google.cloud.storage.object.v1.finalized",
    "erase": "google.cloud.storage.object.v1.deleted",
    "launch": _MESSAGE,
    "watch": _MESSAGE,
}
"""What sets each function off. Nothing hears `archived`, which is how a bucket with versions tells of a deletion."""
TOLD = {EVENTS["ingest"]: "OBJECT_FINALIZE", EVENTS["erase"]: "OBJECT_DELETE"}
"""The same in a bucket's words."""
KEPT_SECONDS = 7 * 24 * 60 * 60
"""How long what is deleted in the intake or the dataset bucket can be had back."""
TICK_TOPIC = "attune-tick"
DEAD_LETTERS = "attune-dead-letters"
SUBSCRIPTION = "attune-events-watch"
REPOSITORY = "attune"
APPLY = "`make plan` and `make apply`"


@dataclass(frozen=True, slots=True)
class Names:
    """A deployment's names, and how its accounts are addressed."""

    at: Deployment

    @property
    def source_bucket(self) -> str:
        """Where the functions' archives are."""
        return source_bucket(self.at.project)

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account of the deployment's own, by its id."""
        functions = [f"attune-{name}" for name in FUNCTIONS]
        return (*functions, *(f"{name}-trigger" for name in functions), "attune-build", "attune-tuning")

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic."""
        return (self.at.events_topic, self.at.launch_topic, TICK_TOPIC, DEAD_LETTERS)

    def address(self, account: str) -> str:
        """An account's address."""
        return f"{account}@{self.at.project}.iam.gserviceaccount.com"

    def listens(self, function: str) -> tuple[str | None, str | None]:
        """What sets a function off: a bucket, or a topic."""
        topics = {"launch": self.at.launch_topic, "watch": TICK_TOPIC}
        return (None, topics[function]) if function in topics else (self.at.intake_bucket, None)


def intake_bucket(project: str) -> str:
    """The intake bucket's name, where nobody chose another."""
    return f"{project}-attune-intake"


def dataset_bucket(project: str) -> str:
    """The dataset bucket's name, where nobody chose another."""
    return f"{project}-attune-datasets"


def source_bucket(project: str) -> str:
    """The name of the bucket with the functions' archives."""
    return f"{project}-attune-source"
