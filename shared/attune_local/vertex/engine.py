"""The service itself, without HTTP: typed calls on jobs, models and endpoints, over a clock and a bucket."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from attune_local.vertex.admission import (
    base_model_name,
    check_checkpoint,
    check_region,
    check_request,
    check_source,
    limits_of,
)
from attune_local.vertex.answers import Listener, Memorised
from attune_local.vertex.content import Conversation
from attune_local.vertex.errors import AnswerLostError, Code, ServiceError
from attune_local.vertex.jobs import JobBook, Opening, Timing, Work
from attune_local.vertex.judge import DatasetRefusedError, DroppedRow, Judge, Judgement
from attune_local.vertex.limits import CATALOGUE, ModelLimits
from attune_local.vertex.mischief import Kind, Method, Mischief, Script
from attune_local.vertex.names import Place, place_of
from attune_local.vertex.objects import Objects
from attune_local.vertex.registry import Registry
from attune_local.vertex.resources import Endpoint, Model, ModelChanges, Page, Status, TuningJob, TuningRequest
from attune_local.vertex.serving import Answer, Desk, Served

_SMALLEST_ID = 10**18
_QUOTA_METRIC = "aiplatform.googleapis.com/global_concurrent_tuning_jobs"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def random_id() -> int:
    """A nineteen-digit id, as the service gives."""
    return _SMALLEST_ID + secrets.randbelow(8 * _SMALLEST_ID)


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen about the service."""

    quota: int = 1
    """Jobs of one project, over all regions, that may be unfinished at a time."""
    timing: Timing = field(default_factory=Timing)
    catalogue: Mapping[str, ModelLimits] = field(default_factory=lambda: CATALOGUE)
    accept_inline: bool = True
    """Whether rows may carry their audio inline; not known of the service."""
    dropped_sample: int = 10
    """How many dropped rows a job names. The service names "a partial sample" and does not say how large."""
    advance_on_call: bool = True
    """Whether each call first takes jobs as far as the clock allows; otherwise only `tick` does."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as seen from outside the service, with every row that was dropped."""

    job: TuningJob
    mischief: tuple[Kind, ...]
    held: bool
    rows: int
    """Rows of the dataset; 0 before it was read."""
    dropped: tuple[DroppedRow, ...]


class Engine:
    """The stand-in. Safe to call from several threads; datasets and recordings are read outside its one lock."""

    def __init__(
        self,
        objects: Objects,
        *,
        clock: Callable[[], datetime] = utc_now,
        settings: Settings | None = None,
        listener: Listener | None = None,
        new_id: Callable[[], int] = random_id,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._settings = settings or Settings()
        self._desk = Desk(objects, listener or Memorised())
        self._new_id = new_id
        self._lock = threading.Lock()
        self._begin()

    # What a client of the service can call.

    def create_tuning_job(self, parent: str, request: TuningRequest) -> TuningJob:
        """Makes a job in `projects/P/locations/R`.

        Raises:
            ServiceError: 400 for what can be judged at once, 429 over quota, 503.
            AnswerLostError: the job was made, but its maker is not told.
        """
        with self._call(Method.CREATE_TUNING_JOB):
            self._script.check_creation()
            opening = self._admit(place_of(parent), request)
            job = self._jobs.open(opening, self._clock())
        if Kind.LOSE_ANSWER in opening.mischief:
            raise AnswerLostError(job.name)
        return job

    def get_tuning_job(self, name: str) -> TuningJob:
        """A job by its name."""
        with self._call(Method.GET_TUNING_JOB):
            return self._jobs.work(name).job

    def list_tuning_jobs(
        self,
        parent: str,
        *,
        filter_: str = "",
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[TuningJob]:
        """A page of the jobs in a place, newest first; `filter_` such as `labels.run="r1" AND state="…"`."""
        with self._call(Method.LIST_TUNING_JOBS):
            return self._jobs.page(parent, filter_, page_size, page_token)

    def cancel_tuning_job(self, name: str) -> None:
        """Starts cancelling a job."""
        with self._call(Method.CANCEL_TUNING_JOB):
            self._jobs.cancel(name, self._clock())

    def get_model(self, name: str) -> Model:
        """A model version: `models/ID`, `models/ID@VERSION` or `models/ID@ALIAS`, with its place before."""
        with self._call(Method.GET_MODEL):
            return self._registry.model(name)

    def update_model(self, name: str, changes: ModelChanges) -> Model:
        """Changes labels, display name or description of a model version."""
        with self._call(Method.UPDATE_MODEL):
            return self._registry.update_model(name, changes, self._clock())

    def merge_version_aliases(self, name: str, aliases: Iterable[str]) -> Model:
        """Adds aliases to a version, and removes those that begin with `-`."""
        with self._call(Method.MERGE_VERSION_ALIASES):
            return self._registry.merge_aliases(name, aliases, self._clock())

    def get_endpoint(self, name: str) -> Endpoint:
        """An endpoint by its name."""
        with self._call(Method.GET_ENDPOINT):
            return self._registry.endpoint(name)

    def list_endpoints(
        self,
        parent: str,
        *,
        filter_: str = "",
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[Endpoint]:
        """A page of the endpoints in a place, newest first."""
        with self._call(Method.LIST_ENDPOINTS):
            return self._registry.endpoints(parent, filter_, page_size, page_token)

    def undeploy_model(self, endpoint: str, deployed_model_id: str) -> None:
        """Takes a model off an endpoint, which stays."""
        with self._call(Method.UNDEPLOY_MODEL):
            self._registry.undeploy(endpoint, deployed_model_id, self._clock())

    def delete_endpoint(self, name: str) -> None:
        """Deletes an endpoint that has no deployed model any more; 400 otherwise."""
        with self._call(Method.DELETE_ENDPOINT):
            self._registry.delete_endpoint(name)

    def generate_content(self, model: str, asked: Conversation) -> Answer:
        """Answers as `[projects/P/locations/R/]endpoints/ID`, or as a base model, `[…/]publishers/google/models/M`.

        Raises:
            ServiceError: 404 when nothing is deployed there, 400 when nothing, or something unusable, is asked.
        """
        with self._call(Method.GENERATE_CONTENT):
            served = self._served(model)
        return self._desk.answer(served, asked)

    # What only someone beside the service can do.

    def misbehave(self, mischief: Mischief) -> None:
        """Queues misbehaviour for the next creations or calls."""
        with self._lock:
            self._script.add(mischief)

    def release(self, name: str | None = None) -> None:
        """Lets one job, or all, go on that were held or paused."""
        with self._lock:
            for job in [name] if name else [work.job.name for work in self._jobs.all()]:
                self._jobs.release(job, self._clock())

    def vanish(self, endpoint: str) -> None:
        """Makes an endpoint disappear, with what is deployed on it."""
        with self._lock:
            self._registry.vanish(endpoint)

    def calls(self) -> Mapping[Method, int]:
        """How often each method was called, refused calls included."""
        with self._lock:
            return dict(self._calls)

    def jobs(self) -> tuple[JobRecord, ...]:
        """Every job, oldest first, as of the last call or tick."""
        with self._lock:
            return tuple(_record(work) for work in self._jobs.all())

    def reset(self) -> None:
        """Forgets everything: jobs, models, endpoints, counts and queued misbehaviour."""
        with self._lock:
            self._begin()

    def tick(self) -> None:
        """Takes every job as far as the clock allows. A storage that fails raises, and is asked again next time."""
        with self._lock:
            jobs = self._jobs
            jobs.advance(self._clock())
        while self._judge_one(jobs):
            pass
        with self._lock:
            jobs.advance(self._clock())

    def _begin(self) -> None:
        self._script = Script()
        self._calls: Counter[Method] = Counter()
        self._registry = Registry(self._new_id)
        self._jobs = JobBook(self._settings.timing, self._registry, self._new_id, self._settings.dropped_sample)

    @contextmanager
    def _call(self, method: Method) -> Iterator[None]:
        if self._settings.advance_on_call:
            self.tick()
        with self._lock:
            self._calls[method] += 1
            self._script.check_available(method)
            yield

    def _admit(self, place: Place, request: TuningRequest) -> Opening:
        check_source(request)
        parent = self._registry.model(request.pre_tuned_model) if request.pre_tuned_model else None
        check_checkpoint(request, parent)
        base_model = parent.base_model if parent else base_model_name(request.base_model)
        limits = limits_of(base_model, self._settings.catalogue)
        check_region(place.region, base_model, limits)
        check_request(request, limits)
        self._check_quota(place)
        return Opening(place, request, base_model, parent, self._script.for_new_job())

    def _check_quota(self, place: Place) -> None:
        if self._jobs.active(place.project) >= self._settings.quota:
            raise ServiceError(
                Code.RESOURCE_EXHAUSTED,
                f"The following quota metrics exceed quota limits: {_QUOTA_METRIC}",
            )

    def _judge_one(self, jobs: JobBook) -> bool:
        """Reads one dataset, outside the lock; False when none waits."""
        with self._lock:
            work = jobs.next_to_judge()
        if work is None:
            return False
        try:
            outcome = self._outcome(work)
            with self._lock:
                jobs.judged(work, outcome)
        finally:
            work.judging = False
        return True

    def _outcome(self, work: Work) -> Judgement | Status:
        judge = Judge(self._objects, self._settings.catalogue[work.job.base_model], self._settings.accept_inline)
        try:
            return judge.datasets(work.job.request.training_uri, work.job.request.validation_uri)
        except DatasetRefusedError as error:
            return Status(Code.INVALID_ARGUMENT.number, str(error))

    def _served(self, model: str) -> Served:
        if "endpoints/" in model:
            return Served.on_endpoint(self._registry.endpoint(model), self._registry)
        return Served.as_base(model, self._settings.catalogue)


def _record(work: Work) -> JobRecord:
    judgement = work.judgement
    return JobRecord(
        job=work.job,
        mischief=tuple(work.mischief),
        held=work.held,
        rows=judgement.rows if judgement else 0,
        dropped=judgement.dropped if judgement else (),
    )
