"""The refusals the service gives, each with its HTTP status and google.rpc code."""

from dataclasses import dataclass
from enum import Enum


class Code(Enum):
    """The google.rpc codes in use, as (HTTP status, code number). Source: google/rpc/code.proto."""

    CANCELLED = (499, 1)
    INVALID_ARGUMENT = (400, 3)
    NOT_FOUND = (404, 5)
    RESOURCE_EXHAUSTED = (429, 8)
    FAILED_PRECONDITION = (400, 9)
    UNIMPLEMENTED = (501, 12)
    INTERNAL = (500, 13)
    UNAVAILABLE = (503, 14)

    @property
    def http(self) -> int:
        """The HTTP status it travels under."""
        return self.value[0]

    @property
    def number(self) -> int:
        """The number it has in a google.rpc.Status."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Violation:
    """One field at fault, as google.rpc.BadRequest names it."""

    field: str
    message: str


class ServiceError(Exception):
    """A call was refused; nothing was changed by it."""

    def __init__(self, code: Code, message: str, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.violations = violations


class AnswerLostError(Exception):
    """The job was made, but the caller gets no answer: the connection breaks instead."""

    def __init__(self, job_name: str) -> None:
        super().__init__("the connection broke before the answer was sent")
        self.job_name = job_name


def bad_request(violations: tuple[Violation, ...]) -> ServiceError:
    """The service's 400 that lists fields; its wording is the one quoted in GoogleCloudPlatform/generative-ai#2081."""
    found = "".join(f"\t{n}.Field: {v.field}; Message: {v.message}" for n, v in enumerate(violations, start=1))
    return ServiceError(Code.INVALID_ARGUMENT, f"List of found errors:{found}\t", violations)


def not_found(kind: str, name: str) -> ServiceError:
    """The 404 for a resource that is not, or is no longer, there."""
    return ServiceError(Code.NOT_FOUND, f"The {kind} {name} does not exist.")
