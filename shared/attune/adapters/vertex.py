"""Vertex AI's tuning service, whose library is imported with the first question: seconds that a quiet tick saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from attune.ports_tuning import Job, JobSpec, Tuning

PATIENCE_SECONDS = 60.0


class LateTuning:
    """The port `Tuning`. `connect` makes what answers, with the first question; what that promises holds here."""

    def __init__(self, connect: Callable[[], Tuning]) -> None:
        self._connect = connect

    def jobs(self) -> Iterator[Job]:
        """All jobs of the project and region."""
        return self._service.jobs()

    def job(self, name: str) -> Job | None:
        """One job; None where the service knows none."""
        return self._service.job(name)

    def create(self, spec: JobSpec) -> Job:
        """Starts a job. Never repeated here."""
        return self._service.create(spec)

    def cancel(self, name: str) -> None:
        """Asks for a job to be cancelled."""
        self._service.cancel(name)

    def annotate(self, model: str, label: str, value: str | None) -> None:
        """Gives a model version the label and the version alias of that name, or takes both away."""
        self._service.annotate(model, label, value)

    def serves(self, endpoint: str, model: str) -> bool:
        """Whether the model is deployed behind the endpoint."""
        return self._service.serves(endpoint, model)

    @cached_property
    def _service(self) -> Tuning:
        return self._connect()


def vertex_tuning(
    project: str,
    region: str,
    endpoint: str | None,
    service_account: str | None,
    kms_key: str | None = None,
    patience: float = PATIENCE_SECONDS,
) -> LateTuning:
    """The service of a region; at an `http://` endpoint, the one that stands in for it there, without credentials."""

    def connect() -> Tuning:
        from attune.adapters.vertex_tuning import connected  # noqa: PLC0415 - seconds, and a hundred megabytes

        return connected(project, region, endpoint, service_account, kms_key, patience)

    return LateTuning(connect)
