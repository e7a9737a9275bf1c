"""The tuning service in memory: the stand-in's own engine, without the wire between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attune.adapters.quiet import quiet
from attune.errors import QuotaError, RefusedError, UnansweredError, UnavailableError
from attune.ports_tuning import Job, JobSpec, JobState
from attune_local.twins.objects import MemoryBucket
from attune_local.vertex.engine import Engine
from attune_local.vertex.errors import AnswerLostError, Code, ServiceError
from attune_local.vertex.resources import JobState as ServiceState
from attune_local.vertex.resources import ModelChanges, TuningJob, TuningRequest

RUN_LABEL = "attune_run"
_PREFIX = "JOB_STATE_"


@dataclass(frozen=True, slots=True)
class BucketContents(Mapping[str, bytes]):
    """A bucket in memory by its objects' gs:// addresses, as the engine reads it."""

    bucket: MemoryBucket

    def __getitem__(self, uri: str) -> bytes:
        """An object's bytes."""
        return self.bucket.live[uri.removeprefix(f"gs://{self.bucket.name}/")].data

    def __iter__(self) -> Iterator[str]:
        """The addresses of all objects."""
        return (f"gs://{self.bucket.name}/{name}" for name in list(self.bucket.live))

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.bucket.live)


@dataclass(frozen=True, slots=True)
class EngineTuning:
    """The twin of `VertexTuning`."""

    engine: Engine
    parent: str = "projects/attune-local/locations/us-central1"

    def jobs(self) -> Iterator[Job]:
        """All jobs, newest first."""
        token = ""
        while True:
            try:
                page = self.engine.list_tuning_jobs(self.parent, page_token=token)
            except ServiceError as error:
                raise UnavailableError(error.message) from error
            yield from (_job(job) for job in page.items)
            token = page.next_token
            if not token:
                return

    def job(self, name: str) -> Job | None:
        """One job, or None."""
        try:
            return _job(self.engine.get_tuning_job(name))
        except ServiceError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise UnavailableError(error.message) from error

    def create(self, spec: JobSpec) -> Job:
        """Starts a job."""
        try:
            return _job(self.engine.create_tuning_job(self.parent, _request(spec)))
        except AnswerLostError as lost:
            raise UnansweredError("no answer to the creation of a tuning job") from lost
        except ServiceError as error:
            raise _refusal(error) from error

    def cancel(self, name: str) -> None:
        """Asks for a job to be cancelled."""
        try:
            self.engine.cancel_tuning_job(name)
        except ServiceError as error:
            kind = RefusedError if error.code.http < 500 else UnavailableError  # noqa: PLR2004 - as below
            raise kind(quiet(error.message)) from error

    def annotate(self, model: str, label: str, value: str | None) -> None:
        """Marks a model version, or takes the mark away."""
        alias = label.replace("_", "-")
        try:
            labels = {key: kept for key, kept in self.engine.get_model(model).labels.items() if key != label}
            changes = ModelChanges(labels={**labels, label: value} if value else labels)
            self.engine.update_model(model, changes)
            self.engine.merge_version_aliases(model, [alias if value else f"-{alias}"])
        except ServiceError as error:
            kind = RefusedError if error.code.http < 500 else UnavailableError  # noqa: PLR2004 - as below
            raise kind(quiet(error.message)) from error

    def serves(self, endpoint: str, model: str) -> bool:
        """Whether the model is deployed behind the endpoint."""
        try:
            found = self.engine.get_endpoint(endpoint)
        except ServiceError as error:
            if error.code is Code.NOT_FOUND:
                return False
            raise UnavailableError(error.message) from error
        return any(deployed.model == model.partition("@")[0] for deployed in found.deployed_models)


def _refusal(error: ServiceError) -> Exception:
    if error.code is Code.RESOURCE_EXHAUSTED:
        return QuotaError(quiet(error.message))
    if error.code.http < 500:  # noqa: PLR2004 - HTTP's own border between the caller's faults and the server's
        return RefusedError(quiet(error.message))
    return UnansweredError(quiet(error.message))


def _request(spec: JobSpec) -> TuningRequest:
    return TuningRequest(
        training_uri=spec.train_uri,
        base_model=spec.base_model or "",
        pre_tuned_model=spec.pre_tuned_model or "",
        validation_uri=spec.validation_uri or "",
        epochs=spec.epochs or 0,
        learning_rate_multiplier=spec.learning_rate_multiplier or 0.0,
        adapter_size=spec.adapter_size or 0,
        last_checkpoint_only=True,
        display_name=spec.display_name,
        labels={RUN_LABEL: spec.label},
    )


def _job(job: TuningJob) -> Job:
    made, stats = job.tuned_model, job.stats
    return Job(
        name=job.name,
        label=job.request.labels.get(RUN_LABEL),
        state=_state(job.state),
        error=quiet(job.error.message) if job.error else None,
        model=made.model if made else None,
        endpoint=(made.endpoint or None) if made else None,
        dropped=dict(zip(stats.dropped_indices, stats.dropped_reasons, strict=True)) if stats else {},
        dropped_count=stats.dropped if stats else 0,
    )


def _state(number: int) -> JobState:
    try:
        return JobState(ServiceState(number).name.removeprefix(_PREFIX).lower())
    except ValueError:
        return JobState.UNKNOWN
