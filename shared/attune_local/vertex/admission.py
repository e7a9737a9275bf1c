"""What the service checks before it makes a job: refusals that come back at once."""

from collections.abc import Iterator, Mapping

from attune_local.vertex.errors import Code, ServiceError, Violation, bad_request
from attune_local.vertex.limits import GLOBAL_REGION, ModelLimits
from attune_local.vertex.resources import Model, TuningRequest

_SPEC = "tuning_job.supervised_tuning_spec"
_MOST_LABELS = 64
_LABEL_CHARACTERS = 64
_PUBLISHER_PREFIX = "publishers/google/models/"


def base_model_name(name: str) -> str:
    """The bare name of a base model, which a request may give with its publisher."""
    return name.rpartition(_PUBLISHER_PREFIX)[2]


def limits_of(base_model: str, catalogue: Mapping[str, ModelLimits]) -> ModelLimits:
    """The base model's limits, or a 400 when it cannot be tuned."""
    limits = catalogue.get(base_model)
    if limits is None:
        raise ServiceError(Code.INVALID_ARGUMENT, f"Base model {base_model} is not supported.")
    return limits


def check_source(request: TuningRequest) -> None:
    """A job starts from a base model or from a tuned one, not both."""
    if bool(request.base_model) == bool(request.pre_tuned_model):
        raise ServiceError(Code.INVALID_ARGUMENT, "Exactly one of base_model and pre_tuned_model must be set.")


def check_checkpoint(request: TuningRequest, parent: Model | None) -> None:
    """A checkpoint to go on from is one of the tuned model's own."""
    known = {checkpoint.checkpoint_id for checkpoint in parent.checkpoints} if parent else set()
    if request.pre_tuned_checkpoint and request.pre_tuned_checkpoint not in known:
        raise ServiceError(Code.INVALID_ARGUMENT, f"The model has no checkpoint {request.pre_tuned_checkpoint}.")


def check_region(region: str, base_model: str, limits: ModelLimits) -> None:
    """`global` is a failed precondition for every model; 3.x tunes in two regions only."""
    if region == GLOBAL_REGION:
        raise ServiceError(Code.FAILED_PRECONDITION, "Tuning is not supported in the global region.")
    if limits.regions is not None and region not in limits.regions:
        allowed = ", ".join(sorted(limits.regions))
        raise ServiceError(
            Code.FAILED_PRECONDITION,
            f"Base model {base_model} cannot be tuned in {region}. Supported regions: {allowed}.",
        )


def check_request(request: TuningRequest, limits: ModelLimits) -> None:
    """Everything about the request that the service judges without reading the dataset."""
    if request.adapter_size and request.adapter_size not in limits.adapter_sizes:
        raise ServiceError(Code.INVALID_ARGUMENT, "The adapter size is not supported for this base model.")
    violations = (*_uri_violations(request), *_number_violations(request), *_label_violations(request.labels))
    if violations:
        raise bad_request(violations)
    if request.encryption_key and not limits.takes_cmek:
        raise ServiceError(Code.INVALID_ARGUMENT, "CMEK is not supported for this base model.")


def _uri_violations(request: TuningRequest) -> Iterator[Violation]:
    if not _is_jsonl(request.training_uri):
        yield _not_jsonl("training_dataset_uri")
    if request.validation_uri and not _is_jsonl(request.validation_uri):
        yield _not_jsonl("validation_dataset_uri")


def _is_jsonl(uri: str) -> bool:
    """One object: no wildcard, no list."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    named = uri.startswith("gs://") and bool(bucket) and name.endswith(".jsonl")
    return named and not any(mark in uri for mark in "*?[],")


def _not_jsonl(field: str) -> Violation:
    return Violation(f"{_SPEC}.{field}", f"{field} should be a GCS object of type JSONL.")


def _number_violations(request: TuningRequest) -> Iterator[Violation]:
    if request.epochs < 0:
        yield Violation(f"{_SPEC}.hyper_parameters.epoch_count", "epoch_count should be positive.")
    if request.learning_rate_multiplier < 0:
        name = "learning_rate_multiplier"
        yield Violation(f"{_SPEC}.hyper_parameters.{name}", f"{name} should be positive.")


def _label_violations(labels: Mapping[str, str]) -> Iterator[Violation]:
    if len(labels) > _MOST_LABELS:
        yield Violation("tuning_job.labels", f"at most {_MOST_LABELS} labels are allowed.")
    for key, value in labels.items():
        if not key or not _is_label(key) or not _is_label(value):
            yield Violation("tuning_job.labels", f"label {key} should have lower case letters, digits, _ and - only.")


def _is_label(text: str) -> bool:
    """At most 64 lower-case letters (international ones too), digits, `_` and `-`."""
    return len(text) <= _LABEL_CHARACTERS and all(c in "_-" or (c.isalnum() and c == c.lower()) for c in text)
