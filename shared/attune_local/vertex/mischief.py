"""Scripted misbehaviour: what the next creations or calls are to suffer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.judge import DroppedRow, Judgement


class Method(StrEnum):
    """The calls that are counted, and that can be made unavailable."""

    CREATE_TUNING_JOB = "createTuningJob"
    GET_TUNING_JOB = "getTuningJob"
    LIST_TUNING_JOBS = "listTuningJobs"
    CANCEL_TUNING_JOB = "cancelTuningJob"
    GET_MODEL = "getModel"
    UPDATE_MODEL = "updateModel"
    MERGE_VERSION_ALIASES = "mergeVersionAliases"
    GET_ENDPOINT = "getEndpoint"
    LIST_ENDPOINTS = "listEndpoints"
    DELETE_ENDPOINT = "deleteEndpoint"
    UNDEPLOY_MODEL = "undeployModel"
    GENERATE_CONTENT = "generateContent"


class Kind(StrEnum):
    """Ways to misbehave."""

    UNAVAILABLE = "unavailable"
    """503 for `methods`."""
    EXHAUSTED = "exhausted"
    """429 for `methods`."""
    BLOCK = "block"
    """400 for `methods`, whatever is asked."""
    REFUSE_CREATE = "refuse_create"
    """400 INVALID_ARGUMENT with `message`; no job is made."""
    LOSE_ANSWER = "lose_answer"
    """The job is made, and the connection breaks before the answer."""
    FAIL = "fail"
    """FAILED at the end with `code` and `message`, without a model."""
    NO_ENDPOINT = "no_endpoint"
    """FAILED at the end with code 13 and a model, but no endpoint."""
    DROP_ROWS = "drop_rows"
    """SUCCEEDED without the rows of `indices`, or without the first `rows`, for `reason`."""
    HOLD = "hold"
    """RUNNING until released."""
    PAUSE = "pause"
    """PAUSED from the start until released."""
    EXPIRE = "expire"
    """EXPIRED at the end, with nothing made."""
    PARTLY = "partly"
    """PARTIALLY_SUCCEEDED at the end, with model and endpoint."""
    UNKNOWN_STATE = "unknown_state"
    """The number `state` is shown while the job runs."""


_OF_A_CALL = {
    Kind.UNAVAILABLE: (Code.UNAVAILABLE, "The service is currently unavailable."),
    Kind.EXHAUSTED: (Code.RESOURCE_EXHAUSTED, "Resource exhausted. Please try again later."),
    Kind.BLOCK: (Code.INVALID_ARGUMENT, "Request contains an invalid argument."),
}
_OF_A_JOB = tuple(kind for kind in Kind if kind not in {*_OF_A_CALL, Kind.REFUSE_CREATE})
"""Those that a job carries with it once it is made."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """One way to misbehave, for the next `times` calls of `methods`, or else creations."""

    kind: Kind
    times: int = 1
    message: str = ""
    code: int = Code.INTERNAL.number
    methods: frozenset[Method] = frozenset(
        {Method.CREATE_TUNING_JOB, Method.GET_TUNING_JOB, Method.LIST_TUNING_JOBS},
    )
    rows: int = 0
    indices: tuple[int, ...] = ()
    reason: str = "contains an invalid audio file"
    state: int = 99


class Script:
    """The misbehaviour still to come, in the order it was asked for. Its caller holds the lock."""

    def __init__(self) -> None:
        self._left: list[Mischief] = []

    def add(self, mischief: Mischief) -> None:
        """Queues it."""
        self._left.append(mischief)

    def clear(self) -> None:
        """Behaves from now on."""
        self._left.clear()

    def check_available(self, method: Method) -> None:
        """Refuses the call when it was asked to."""
        if mischief := self._take(lambda m: m.kind in _OF_A_CALL and method in m.methods):
            raise ServiceError(*_OF_A_CALL[mischief.kind])

    def check_creation(self) -> None:
        """Refuses a creation with 400 when it was asked to."""
        mischief = self._take_kind(Kind.REFUSE_CREATE)
        if mischief:
            raise ServiceError(Code.INVALID_ARGUMENT, mischief.message or "Request contains an invalid argument.")

    def for_new_job(self) -> Mapping[Kind, Mischief]:
        """What a job made now is to suffer: the first of each kind that is queued."""
        taken = {kind: self._take_kind(kind) for kind in _OF_A_JOB}
        return {kind: mischief for kind, mischief in taken.items() if mischief}

    def _take_kind(self, kind: Kind) -> Mischief | None:
        return self._take(lambda mischief: mischief.kind is kind)

    def _take(self, wanted: Callable[[Mischief], bool]) -> Mischief | None:
        for place, mischief in enumerate(self._left):
            if wanted(mischief):
                self._left[place : place + 1] = (
                    [replace(mischief, times=mischief.times - 1)] if mischief.times > 1 else []
                )
                return mischief
        return None


def without_rows(judgement: Judgement, mischief: Mischief) -> Judgement:
    """The judgement with more rows dropped."""
    gone = frozenset(mischief.indices) or frozenset(row.index for row in judgement.kept[: mischief.rows])
    more = tuple(
        DroppedRow(row.index, f"Dataset example {row.index} {mischief.reason}.")
        for row in judgement.kept
        if row.index in gone
    )
    kept = tuple(row for row in judgement.kept if row.index not in gone)
    return Judgement(kept, tuple(sorted(judgement.dropped + more, key=lambda row: row.index)))
