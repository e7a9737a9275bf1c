"""A pair: a recording and what is said in it, what was judged of them, and which run took them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from attune.domain.names import HalfKind, pair_id
from attune.domain.split import Split

_HOUR = 3600


class PairState(StrEnum):
    """Where a pair stands. Every live object is in the state of its pair, superseded by a newer half, or ignored."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Due(StrEnum):
    """What the next cut has to do with a pair: nothing, take its row, or take its row out."""

    NOTHING = ""
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Half:
    """One object of a pair, pinned to its generation; `size` in bytes."""

    kind: HalfKind
    name: str
    generation: int
    size: int

    @property
    def order(self) -> tuple[int, str]:
        """Which of two halves of a kind is newer: the generation tells, since it counts up over a whole bucket."""
        return (self.generation, self.name)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: a `code` for programs, a `sentence` that says what is wrong and what to do."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in the dataset bucket.

    `size` (bytes) and `crc32c` are the object's, `template` the digest of what is the same in every row, `audio_name`
    our copy of the recording where the row points at one, `seconds` and `tokens` what the service will count.
    """

    name: str
    size: int
    crc32c: int
    template: str
    audio_name: str | None
    mime_type: str
    audio_sha256: str
    text_sha256: str
    seconds: float
    tokens: int

    def says_the_same_as(self, other: Row | None) -> bool:
        """Whether both rows hold the same recording and the same transcript, whatever their template."""
        return other is not None and (self.audio_sha256, self.text_sha256) == (other.audio_sha256, other.text_sha256)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a cut froze: the run, and the row it took with the generations behind it (no row: it took the pair out)."""

    run: str
    row: Row | None
    audio: Half | None
    transcript: Half | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair's document. Only its own two objects' events write it, and the launcher's cut, each by compare-and-set."""

    dataset: str
    path: str
    state: PairState
    changed_at: datetime
    audio: Half | None = None
    transcript: Half | None = None
    reasons: tuple[Reason, ...] = ()
    row: Row | None = None
    split: Split | None = None
    due: Due = Due.NOTHING
    due_hour: int | None = None
    waiting_hour: int | None = None
    taken_by: str = ""
    taken: Taken | None = None

    @property
    def id(self) -> str:
        """The document's id, and the row's place in the files."""
        return pair_id(self.dataset, self.path)

    @property
    def complete(self) -> bool:
        """Whether both halves are known."""
        return self.audio is not None and self.transcript is not None

    def holds(self, half: Half) -> bool:
        """Whether this half or a newer one of its kind is already here."""
        known = self._half(half.kind)
        return known is not None and known.order >= half.order

    def with_half(self, half: Half) -> Pair:
        """The pair with this half in place of an older one."""
        return replace(self, **{half.kind.value: half})  # type: ignore[arg-type]  # the two kinds are the two fields

    def without(self, half: Half) -> Pair:
        """The pair without this very half, whose generation is no longer in the bucket."""
        return replace(self, **{half.kind.value: None}) if self._half(half.kind) == half else self  # type: ignore[arg-type]  # as above

    def waiting(self, now: datetime) -> Pair:
        """The pair without a verdict, for want of its partner."""
        return self._left_out(PairState.WAITING, (), now)

    def rejected(self, reasons: tuple[Reason, ...], now: datetime) -> Pair:
        """The pair refused."""
        return self._left_out(PairState.REJECTED, reasons, now)

    def accepted(self, row: Row, split: Split, now: datetime) -> Pair:
        """The pair with its row. A pair stays on the side of the hold-out it was first put on."""
        unchanged = self.due is Due.NOTHING and self.taken is not None and row.says_the_same_as(self.taken.row)
        due = Due.NOTHING if unchanged else Due.ADD
        return replace(
            self,
            state=PairState.ACCEPTED,
            reasons=(),
            row=row,
            split=self.split or split,
            due=due,
            due_hour=_hour(now) if due else None,
            waiting_hour=None,
            changed_at=now,
        )

    def taken_into(self, run: str, now: datetime) -> Pair:
        """The pair in a run's cut: what it holds now is frozen for that run, whatever arrives later."""
        taken = Taken(run, self.row, self.audio, self.transcript)
        return replace(self, due=Due.NOTHING, due_hour=None, taken_by=run, taken=taken, changed_at=now)

    def _left_out(self, state: PairState, reasons: tuple[Reason, ...], now: datetime) -> Pair:
        was_in = (
            self.row is not None or self.due is Due.REMOVE or (self.taken is not None and self.taken.row is not None)
        )
        due = Due.REMOVE if was_in else Due.NOTHING
        waiting_hour = _hour(now) if state is PairState.WAITING else None
        return replace(
            self,
            state=state,
            reasons=reasons,
            row=None,
            due=due,
            due_hour=None,
            waiting_hour=waiting_hour,
            changed_at=now,
        )

    def _half(self, kind: HalfKind) -> Half | None:
        return self.audio if kind is HalfKind.AUDIO else self.transcript


def _hour(now: datetime) -> int:
    """Hours since 1970. Whole hours, because an index on an ever-growing time bears 500 writes a second at most."""
    return int(now.timestamp()) // _HOUR
