"""The service's JSON: requests into dataclasses, resources into protobuf's JSON form.

Requests may spell fields in camelCase or snake_case and enums by name or number, as protobuf's parser allows. Answers
are in camelCase with 64-bit integers as strings; enums are numbers where the caller asked for that, else names.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from attune_local.vertex.content import MalformedError, camel, camel_keys
from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.listing import state_name
from attune_local.vertex.resources import (
    Checkpoint,
    DataStats,
    DeployedModel,
    Distribution,
    Endpoint,
    Model,
    ModelChanges,
    Page,
    Status,
    TunedModel,
    TuningJob,
    TuningRequest,
)
from attune_local.vertex.serving import Answer

Json = dict[str, object]

_ADAPTER_SIZES = {
    "ADAPTER_SIZE_UNSPECIFIED": (0, 0),
    "ADAPTER_SIZE_ONE": (1, 1),
    "ADAPTER_SIZE_TWO": (6, 2),
    "ADAPTER_SIZE_FOUR": (2, 4),
    "ADAPTER_SIZE_EIGHT": (3, 8),
    "ADAPTER_SIZE_SIXTEEN": (4, 16),
    "ADAPTER_SIZE_THIRTY_TWO": (5, 32),
}
"""SupervisedHyperParameters.AdapterSize: its number in the enum, and the size it stands for."""

_OUTPUT_ONLY = frozenset(
    {
        "name",
        "state",
        "createTime",
        "startTime",
        "endTime",
        "updateTime",
        "error",
        "experiment",
        "tunedModel",
        "tuningDataStats",
    },
)


class _Fields:
    """The members of an object, each taken once; what is left over at the end is not a field of the message."""

    def __init__(self, value: object, where: str) -> None:
        try:
            self._members = camel_keys(value, where)
        except MalformedError as error:
            raise _invalid(f"{where} should be an object.") from error
        self._where = where

    def text(self, key: str) -> str:
        value = self._members.pop(key, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key)
        return value or ""

    def number(self, key: str) -> float:
        value = self._members.pop(key, None)
        try:
            return float(value) if isinstance(value, str | int | float) else 0.0
        except ValueError as error:
            raise self._wrong(key) from error

    def flag(self, key: str) -> bool:
        return self._members.pop(key, None) is True

    def any(self, key: str) -> object:
        return self._members.pop(key, None)

    def nested(self, key: str) -> "_Fields":
        value = self._members.pop(key, None)
        return _Fields({} if value is None else value, f"{self._where}.{key}")

    def labels(self, key: str) -> Mapping[str, str]:
        value = self._members.pop(key, None) or {}
        if not isinstance(value, dict) or not all(isinstance(label, str) for label in value.values()):
            raise self._wrong(key)
        return value

    def drop(self, keys: frozenset[str]) -> None:
        for key in keys:
            self._members.pop(key, None)

    def end(self) -> None:
        for key in self._members:
            raise _invalid(
                f"Invalid JSON payload received. Unknown name \"{key}\" at '{self._where}': Cannot find field."
            )

    def _wrong(self, key: str) -> ServiceError:
        return _invalid(f"Invalid value at '{self._where}.{key}'.")


def _invalid(message: str) -> ServiceError:
    return ServiceError(Code.INVALID_ARGUMENT, message)


def tuning_request(body: object) -> TuningRequest:
    """A TuningJob as a caller sends it.

    Raises:
        ServiceError: 400 for an unknown field or a value of the wrong type; 501 for `evaluationConfig`.
    """
    job = _Fields(body, "tuning_job")
    job.drop(_OUTPUT_ONLY)
    spec = job.nested("supervisedTuningSpec")
    parameters = spec.nested("hyperParameters")
    parent = job.nested("preTunedModel")
    encryption = job.nested("encryptionSpec")
    _refuse_evaluation(spec)
    request = TuningRequest(
        base_model=job.text("baseModel"),
        pre_tuned_model=parent.text("tunedModelName"),
        pre_tuned_checkpoint=parent.text("checkpointId"),
        training_uri=spec.text("trainingDatasetUri"),
        validation_uri=spec.text("validationDatasetUri"),
        epochs=int(parameters.number("epochCount")),
        learning_rate_multiplier=parameters.number("learningRateMultiplier"),
        adapter_size=_adapter_size(parameters.any("adapterSize")),
        last_checkpoint_only=spec.flag("exportLastCheckpointOnly"),
        display_name=job.text("tunedModelDisplayName"),
        description=job.text("description"),
        labels=job.labels("labels"),
        encryption_key=encryption.text("kmsKeyName"),
        service_account=job.text("serviceAccount"),
    )
    parent.drop(frozenset({"baseModel"}))
    for fields in (parameters, parent, encryption, spec, job):
        fields.end()
    return request


def _refuse_evaluation(spec: _Fields) -> None:
    if spec.any("evaluationConfig") is not None:
        raise ServiceError(Code.UNIMPLEMENTED, "evaluation_config is not part of this stand-in.")


def _adapter_size(value: object) -> int:
    for name, (number, size) in _ADAPTER_SIZES.items():
        if value in (name, number) or value is None:
            return size
    raise _invalid("Invalid value at 'tuning_job.supervised_tuning_spec.hyper_parameters.adapter_size'.")


def model_changes(body: object, update_mask: str) -> ModelChanges:
    """A Model of which the fields in the mask are to be taken over.

    Raises:
        ServiceError: 400 when the mask is empty or names something that cannot be changed.
    """
    masked = {camel(path.partition(".")[0]) for path in update_mask.split(",") if path}
    if not masked or masked - {"labels", "displayName", "description"}:
        raise _invalid("The update mask names no field that can be changed here.")
    model = _Fields(body, "model")
    return ModelChanges(
        labels=model.labels("labels") if "labels" in masked else None,
        display_name=model.text("displayName") if "displayName" in masked else None,
        description=model.text("description") if "description" in masked else None,
    )


def aliases(body: object) -> tuple[str, ...]:
    """The aliases of a MergeVersionAliasesRequest."""
    value = _Fields(body, "request").any("versionAliases")
    if not isinstance(value, list) or not value or not all(isinstance(alias, str) for alias in value):
        raise _invalid("version_aliases should be a list of strings, and not empty.")
    return tuple(value)


def deployed_model_id(body: object) -> str:
    """Which model an UndeployModelRequest is about."""
    return _Fields(body, "request").text("deployedModelId")


def job_json(job: TuningJob, *, enum_numbers: bool) -> Json:
    """A TuningJob."""
    request = job.request
    return _set(
        name=job.name,
        tunedModelDisplayName=request.display_name,
        description=request.description,
        baseModel="" if request.pre_tuned_model else request.base_model,
        preTunedModel=_pre_tuned(job),
        supervisedTuningSpec=_spec(request, enum_numbers=enum_numbers),
        state=job.state if enum_numbers else state_name(job.state),
        createTime=_time(job.create_time),
        startTime=_time(job.start_time),
        endTime=_time(job.end_time),
        updateTime=_time(job.update_time),
        error=_status(job.error),
        labels=dict(request.labels),
        encryptionSpec=_set(kmsKeyName=request.encryption_key),
        serviceAccount=request.service_account,
        tunedModel=_tuned(job.tuned_model),
        tuningDataStats=_stats(job.stats),
    )


def jobs_json(page: Page[TuningJob], *, enum_numbers: bool) -> Json:
    """A ListTuningJobsResponse."""
    jobs = [job_json(job, enum_numbers=enum_numbers) for job in page.items]
    return _set(tuningJobs=jobs, nextPageToken=page.next_token)


def model_json(model: Model) -> Json:
    """A Model."""
    return _set(
        name=model.name,
        versionId=model.version_id,
        versionAliases=list(model.version_aliases),
        displayName=model.display_name,
        description=model.description,
        labels=dict(model.labels),
        createTime=_time(model.create_time),
        versionCreateTime=_time(model.version_create_time),
        versionUpdateTime=_time(model.update_time),
        updateTime=_time(model.update_time),
        checkpoints=[
            _set(checkpointId=c.checkpoint_id, epoch=str(c.epoch), step=str(c.step)) for c in model.checkpoints
        ],
    )


def endpoint_json(endpoint: Endpoint) -> Json:
    """An Endpoint."""
    return _set(
        name=endpoint.name,
        displayName=endpoint.display_name,
        labels=dict(endpoint.labels),
        createTime=_time(endpoint.create_time),
        updateTime=_time(endpoint.update_time),
        deployedModels=[_deployed(deployed) for deployed in endpoint.deployed_models],
        trafficSplit={deployed.id: 100 for deployed in endpoint.deployed_models},
    )


def endpoints_json(page: Page[Endpoint]) -> Json:
    """A ListEndpointsResponse."""
    return _set(endpoints=[endpoint_json(endpoint) for endpoint in page.items], nextPageToken=page.next_token)


def operation_json(resource: str, response_type: str) -> Json:
    """A google.longrunning.Operation that is already done."""
    response: Json = {"@type": f"type.googleapis.com/{response_type}"}
    if response_type == "google.protobuf.Empty":
        response["value"] = {}
    return {"name": f"{resource}/operations/1", "done": True, "response": response}


def answer_json(answer: Answer, *, enum_numbers: bool) -> Json:
    """A GenerateContentResponse."""
    candidate = {
        "content": {"role": "model", "parts": [{"text": answer.text}]},
        "finishReason": 1 if enum_numbers else "STOP",
    }
    usage = {
        "promptTokenCount": answer.prompt_tokens,
        "candidatesTokenCount": answer.answer_tokens,
        "totalTokenCount": answer.prompt_tokens + answer.answer_tokens,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": answer.model_version}


def error_json(error: ServiceError) -> Json:
    """An error body."""
    body: Json = {"code": error.code.http, "message": error.message, "status": error.code.name}
    if error.violations:
        found = [{"field": v.field, "description": v.message} for v in error.violations]
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": found}]
    return {"error": body}


def _set(**members: object) -> Json:
    """Without what is empty: protobuf's JSON leaves defaults out."""
    return {key: value for key, value in members.items() if value not in (None, "", {}, [])}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _status(status: Status | None) -> Json | None:
    return None if status is None else {"code": status.code, "message": status.message}


def _pre_tuned(job: TuningJob) -> Json | None:
    if not job.request.pre_tuned_model:
        return None
    return _set(
        tunedModelName=job.request.pre_tuned_model,
        checkpointId=job.request.pre_tuned_checkpoint,
        baseModel=job.base_model,
    )


def _spec(request: TuningRequest, *, enum_numbers: bool) -> Json:
    parameters = _set(
        epochCount=str(request.epochs) if request.epochs else None,
        learningRateMultiplier=request.learning_rate_multiplier or None,
        adapterSize=_adapter_enum(request.adapter_size, enum_numbers=enum_numbers) if request.adapter_size else None,
    )
    return _set(
        trainingDatasetUri=request.training_uri,
        validationDatasetUri=request.validation_uri,
        hyperParameters=parameters,
        exportLastCheckpointOnly=request.last_checkpoint_only or None,
    )


def _adapter_enum(size: int, *, enum_numbers: bool) -> int | str:
    name, number = next((name, number) for name, (number, own) in _ADAPTER_SIZES.items() if own == size)
    return number if enum_numbers else name


def _tuned(tuned: TunedModel | None) -> Json | None:
    if tuned is None:
        return None
    checkpoints = [_checkpoint(checkpoint) for checkpoint in tuned.checkpoints]
    return _set(model=tuned.model, endpoint=tuned.endpoint, checkpoints=checkpoints)


def _checkpoint(checkpoint: Checkpoint) -> Json:
    return _set(
        checkpointId=checkpoint.checkpoint_id,
        epoch=str(checkpoint.epoch),
        step=str(checkpoint.step),
        endpoint=checkpoint.endpoint,
    )


def _deployed(deployed: DeployedModel) -> Json:
    return _set(
        id=deployed.id,
        model=deployed.model,
        modelVersionId=deployed.model_version_id,
        displayName=deployed.display_name,
        createTime=_time(deployed.create_time),
        checkpointId=deployed.checkpoint_id,
    )


def _stats(stats: DataStats | None) -> Json | None:
    if stats is None:
        return None
    return {
        "supervisedTuningDataStats": _set(
            tuningDatasetExampleCount=str(stats.examples),
            totalTuningCharacterCount=str(stats.characters),
            totalBillableTokenCount=str(stats.billable_tokens),
            tuningStepCount=str(stats.steps),
            userInputTokenDistribution=_distribution(stats.input_tokens),
            userOutputTokenDistribution=_distribution(stats.output_tokens),
            userMessagePerExampleDistribution=_distribution(stats.messages),
            totalTruncatedExampleCount=str(stats.dropped),
            truncatedExampleIndices=[str(index) for index in stats.dropped_indices],
            droppedExampleReasons=list(stats.dropped_reasons),
        ),
    }


def _distribution(spread: Distribution) -> Json:
    return {
        "sum": str(spread.total),
        "billableSum": str(spread.total),
        "min": spread.least,
        "max": spread.most,
        "mean": spread.mean,
        "median": spread.median,
        "p5": spread.p5,
        "p95": spread.p95,
    }
