"""Vertex AI's tuning service. Its create call is made once and never repeated here; what it says is quieted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TypeVar

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.aiplatform_v1 import (
    EncryptionSpec,
    EndpointServiceClient,
    GenAiTuningServiceClient,
    Model,
    ModelServiceClient,
    PreTunedModel,
    SupervisedHyperParameters,
    SupervisedTuningSpec,
    TuningJob,
)
from google.cloud.aiplatform_v1 import JobState as ServiceState
from google.cloud.aiplatform_v1.services.endpoint_service.transports.rest import EndpointServiceRestTransport
from google.cloud.aiplatform_v1.services.gen_ai_tuning_service.transports.rest import GenAiTuningServiceRestTransport
from google.cloud.aiplatform_v1.services.model_service.transports.rest import ModelServiceRestTransport
from google.protobuf.field_mask_pb2 import FieldMask

from attune.adapters.quiet import quiet
from attune.adapters.vertex import PATIENCE_SECONDS
from attune.errors import QuotaError, RefusedError, UnansweredError, UnavailableError
from attune.ports_tuning import Job, JobSpec, JobState

A = TypeVar("A")

RUN_LABEL = "attune_run"
_LABELS = {"attune": "tuning"}  # what all our jobs, models and endpoints have in common
_CREATE_SECONDS = 60.0
_ATTEMPT_SECONDS = 20.0
_PAGE = 100

_REFUSALS = (exceptions.BadRequest, exceptions.Forbidden, exceptions.NotFound)
_PASSING = (exceptions.ServerError, exceptions.TooManyRequests, exceptions.Cancelled, exceptions.Aborted)
# OSError is what requests raises of a connection, under REST; gRPC makes ServiceUnavailable of it.
_LOST = (exceptions.GoogleAPIError, GoogleAuthError, OSError)
# The one policy: of everything but the creation, which is never repeated; a wait is anything up to the back-off.
_REPEATED = Retry(
    if_exception_type(*_PASSING, OSError), initial=0.5, maximum=8.0, multiplier=2.0, timeout=PATIENCE_SECONDS
)
# A project's first job finds the service's agents not made yet; the service says to come again in a few minutes.
_NOT_YET = "being provisioned"

_ADAPTER_SIZES = {1: "ONE", 2: "TWO", 4: "FOUR", 8: "EIGHT", 16: "SIXTEEN"}  # the enum's numbers are others
_STATES = {
    getattr(ServiceState, f"JOB_STATE_{state.name}"): state for state in JobState if state is not JobState.UNKNOWN
}


class VertexTuning:
    """The port `Tuning`, for one project and region.

    All calls but the creation are tried again for `patience` seconds.
    """

    def __init__(
        self,
        jobs_client: GenAiTuningServiceClient,
        endpoints_client: EndpointServiceClient,
        models_client: ModelServiceClient,
        parent: str,
        service_account: str | None = None,
        kms_key: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._repeated = _REPEATED.with_timeout(patience)
        self._jobs = jobs_client
        self._endpoints = endpoints_client
        self._models = models_client
        self._parent = parent
        self._service_account = service_account
        self._kms_key = kms_key

    def jobs(self) -> Iterator[Job]:
        """All jobs of the project and region, newest first as far as the service orders them."""
        asked = {"parent": self._parent, "page_size": _PAGE}
        pages = iter(
            _ask(lambda: self._jobs.list_tuning_jobs(asked, retry=self._repeated, timeout=_ATTEMPT_SECONDS)).pages
        )
        while page := _ask(lambda: next(pages, None)):
            yield from (_job(job) for job in page.tuning_jobs)

    def job(self, name: str) -> Job | None:
        """One job; None where the service knows none."""
        try:
            return _job(
                _ask(lambda: self._jobs.get_tuning_job(name=name, retry=self._repeated, timeout=_ATTEMPT_SECONDS))
            )
        except _MissingError:
            return None

    def create(self, spec: JobSpec) -> Job:
        """Starts a job. Never repeated here: it bills, and the service has no idempotency key.

        Raises:
            RefusedError: the service will not take it.
            QuotaError: not now.
            UnansweredError: no answer; look before asking again.
        """
        wanted = _tuning_job(spec, self._service_account, self._kms_key)
        with _creation_in_our_words(spec.label):
            return _job(
                self._jobs.create_tuning_job(
                    parent=self._parent, tuning_job=wanted, retry=None, timeout=_CREATE_SECONDS
                )
            )

    def cancel(self, name: str) -> None:
        """Asks for a job to be cancelled.

        Raises:
            RefusedError: there is none, or it has ended.
        """
        try:
            self._jobs.cancel_tuning_job(name=name, retry=self._repeated, timeout=_ATTEMPT_SECONDS)
        except _REFUSALS as refusal:
            raise RefusedError(f"{name} cannot be cancelled: {quiet(refusal.message)}") from refusal
        except _LOST as lost:
            raise UnavailableError(f"Vertex AI did not answer ({type(lost).__name__})") from lost

    def annotate(self, model: str, label: str, value: str | None) -> None:
        """Gives a model version the label and the version alias of that name, or takes both away.

        Raises:
            RefusedError: there is no such model, or it may not be marked.
            UnavailableError: no answer.
        """
        models, alias = self._models, label.replace("_", "-")  # a version alias takes no underscore
        try:
            found = models.get_model(name=model, retry=self._repeated, timeout=_ATTEMPT_SECONDS)
            labels = {key: kept for key, kept in found.labels.items() if key != label}
            marked = Model(name=model, labels={**labels, label: value} if value else labels)
            mask = FieldMask(paths=["labels"])
            models.update_model(model=marked, update_mask=mask, retry=self._repeated, timeout=_ATTEMPT_SECONDS)
            changed = [alias if value else f"-{alias}"]
            models.merge_version_aliases(
                name=model, version_aliases=changed, retry=self._repeated, timeout=_ATTEMPT_SECONDS
            )
        except _REFUSALS as refusal:
            raise RefusedError(f"{model} cannot be marked: {quiet(refusal.message)}") from refusal
        except ValueError as odd:  # the client's, of a name that it can make no address of
            raise RefusedError(f"{model} is no model's name") from odd
        except _LOST as lost:
            raise UnavailableError(f"Vertex AI did not answer ({type(lost).__name__})") from lost

    def serves(self, endpoint: str, model: str) -> bool:
        """Whether the model, in whatever version, is deployed behind the endpoint."""
        try:
            found = _ask(
                lambda: self._endpoints.get_endpoint(name=endpoint, retry=self._repeated, timeout=_ATTEMPT_SECONDS)
            )
        except _MissingError:
            return False
        return any(_unversioned(deployed.model) == _unversioned(model) for deployed in found.deployed_models)


def connected(
    project: str,
    region: str,
    endpoint: str | None,
    service_account: str | None,
    kms_key: str | None = None,
    patience: float = PATIENCE_SECONDS,
) -> VertexTuning:
    """The service of a region; at an `http://` endpoint, the one that stands in for it there, without credentials."""
    parent = f"projects/{project}/locations/{region}"
    if endpoint and endpoint.startswith("http://"):
        return VertexTuning(*_plain_clients(endpoint), parent, service_account, kms_key, patience)
    at = {"api_endpoint": endpoint or f"{region}-aiplatform.googleapis.com"}
    return VertexTuning(
        GenAiTuningServiceClient(client_options=at),
        EndpointServiceClient(client_options=at),
        ModelServiceClient(client_options=at),
        parent,
        service_account,
        kms_key,
        patience,
    )


class _MissingError(UnavailableError):
    """The service knows no such thing."""


def _plain_clients(endpoint: str) -> tuple[GenAiTuningServiceClient, EndpointServiceClient, ModelServiceClient]:
    host = endpoint.removeprefix("http://").rstrip("/")
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # no types there
    return (
        GenAiTuningServiceClient(
            transport=GenAiTuningServiceRestTransport(host=host, credentials=nobody, url_scheme="http")
        ),
        EndpointServiceClient(transport=EndpointServiceRestTransport(host=host, credentials=nobody, url_scheme="http")),
        ModelServiceClient(transport=ModelServiceRestTransport(host=host, credentials=nobody, url_scheme="http")),
    )


def _ask(question: Callable[[], A]) -> A:
    try:
        return question()
    except exceptions.NotFound as missing:
        raise _MissingError(f"Vertex AI knows none such: {quiet(missing.message)}") from missing
    except _LOST as lost:
        raise UnavailableError(f"Vertex AI did not answer ({type(lost).__name__}): {quiet(str(lost))}") from None


@contextmanager
def _creation_in_our_words(label: str) -> Iterator[None]:
    """Without the cause, since what the service says of a dataset may quote it."""
    try:
        yield
    except exceptions.TooManyRequests as full:
        raise QuotaError(f"Vertex AI takes no more tuning jobs now: {quiet(full.message)}") from None
    except _REFUSALS as refusal:
        said = quiet(refusal.message)
        if _NOT_YET in said:
            raise QuotaError(f"Vertex AI is not ready for tuning jobs: {said}") from None
        raise RefusedError(f"Vertex AI refused the tuning job {label}: {said}") from None
    except _LOST as lost:
        raise UnansweredError(
            f"Vertex AI did not say whether it made the tuning job {label} ({type(lost).__name__})"
        ) from None


def _tuning_job(spec: JobSpec, service_account: str | None, kms_key: str | None) -> TuningJob:
    job = TuningJob(
        tuned_model_display_name=spec.display_name,
        labels={**_LABELS, RUN_LABEL: spec.label},
        supervised_tuning_spec=SupervisedTuningSpec(
            training_dataset_uri=spec.train_uri,
            validation_dataset_uri=spec.validation_uri,
            hyper_parameters=_hyper_parameters(spec),
            export_last_checkpoint_only=True,  # each checkpoint would get an endpoint of its own
        ),
        service_account=service_account,
        encryption_spec=EncryptionSpec(kms_key_name=kms_key) if kms_key else None,
    )
    if spec.pre_tuned_model:
        job.pre_tuned_model = PreTunedModel(tuned_model_name=spec.pre_tuned_model)
    elif spec.base_model:
        job.base_model = spec.base_model
    return job


def _hyper_parameters(spec: JobSpec) -> SupervisedHyperParameters:
    """What is None is left out, and the service chooses."""
    name = f"ADAPTER_SIZE_{_ADAPTER_SIZES[spec.adapter_size]}" if spec.adapter_size else None
    return SupervisedHyperParameters(
        epoch_count=spec.epochs,
        learning_rate_multiplier=spec.learning_rate_multiplier,
        adapter_size=getattr(SupervisedHyperParameters.AdapterSize, name) if name else None,
    )


def _job(job: TuningJob) -> Job:
    stats = job.tuning_data_stats.supervised_tuning_data_stats
    return Job(
        name=job.name,
        label=job.labels.get(RUN_LABEL),
        state=_STATES.get(TuningJob.pb(job).state, JobState.UNKNOWN),  # the number itself, which may be a new one
        error=_error(job.error.code, job.error.message),
        model=job.tuned_model.model or None,
        endpoint=job.tuned_model.endpoint or None,
        dropped=_dropped(list(stats.truncated_example_indices), list(stats.dropped_example_reasons)),
        dropped_count=stats.total_truncated_example_count,
    )


def _error(code: int, message: str) -> str | None:
    if not code and not message:
        return None
    return quiet(message) or f"code {code}, without a word"


def _dropped(lines: list[int], reasons: list[str]) -> dict[int, str]:
    """For each index, counted from 1, the reason in the same place."""
    told = zip_longest(lines, reasons[: len(lines)], fillvalue="")
    return {int(line): quiet(str(reason)) for line, reason in told}


def _unversioned(model: str) -> str:
    """The model's location and id: the service writes a project now by its id, now by its number."""
    name = model.partition("@")[0]
    return name.partition("/locations/")[2] or name
