"""A pair: a recording and what is said in it, what was judged of them, and which run took them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from attune.domain.finding import Finding
from attune.domain.names import HalfKind, pair_id
from attune.domain.quality.customs import Style
from attune.domain.quality.heard import Heard
from attune.domain.row import Weight
from attune.domain.split import Split
from attune.domain.task import TRANSCRIPTION

_HOUR, _MINUTE = 3600, 60


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
class Measured:
    """What was measured of a pair: its recording, its pace in characters a second, and how its text is written.

    `pace` and `style` are a transcription's; other targets have none.
    """

    heard: Heard
    task: str
    pace: float | None = None
    style: Style | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in the dataset bucket.

    `size` (bytes) and `crc32c` are the object's, `task` and `template` (a digest) say what it was rendered with, and
    `version` which version of the dataset's phrasing that belongs to. `audio_name` is our copy of the recording where
    the row points at one, `original_name` that of the text where the dataset's manner has changed it; `seconds` and
    `tokens` are what the service will count.
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
    weight: Weight
    task: str = TRANSCRIPTION
    version: str = ""
    original_name: str | None = None

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
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """What the tuning service would not train on, and its word for it: the same again is refused on arrival."""

    audio_sha256: str
    text_sha256: str
    finding: Finding

    def is_about(self, row: Row) -> bool:
        """Whether a row holds just that."""
        return (row.audio_sha256, row.text_sha256) == (self.audio_sha256, self.text_sha256)


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair's document, written by compare-and-set alone: by its own two objects' events, the cut, and the quarantine.

    `reasons` are why it was refused, `remarks` what was repaired and what somebody should look at. `sides` are those
    of the hold-out that a tree may hold it on: where its words changed sides, it has to be taken out of the other.
    `freed` are the digests of recordings it had, which pairs that were refused for having the same may now have.
    """

    dataset: str
    path: str
    state: PairState
    changed_at: datetime
    audio: Half | None = None
    transcript: Half | None = None
    reasons: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()
    measured: Measured | None = None
    changed_minute: int = 0
    row: Row | None = None
    split: Split | None = None
    sides: tuple[Split, ...] = ()
    freed: tuple[str, ...] = ()
    barred: Barred | None = None
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
        return self._left_out(PairState.WAITING, (), (), None, now)

    def rejected(
        self,
        reasons: tuple[Finding, ...],
        now: datetime,
        remarks: tuple[Finding, ...] = (),
        measured: Measured | None = None,
    ) -> Pair:
        """The pair refused."""
        return self._left_out(PairState.REJECTED, reasons, remarks, measured, now)

    def accepted(
        self,
        row: Row,
        split: Split,
        now: datetime,
        remarks: tuple[Finding, ...] = (),
        measured: Measured | None = None,
    ) -> Pair:
        """The pair with its row, on the side of the hold-out that its words or its group are on."""
        unchanged = self.due is Due.NOTHING and self.taken is not None and row.says_the_same_as(self.taken.row)
        due = Due.NOTHING if unchanged and split is self.split else Due.ADD
        return replace(
            self,
            state=PairState.ACCEPTED,
            reasons=(),
            remarks=remarks,
            measured=measured,
            row=row,
            freed=self._freed_by(row),
            split=split,
            sides=self.sides if split in self.sides else (*self.sides, split),
            due=due,
            due_hour=_hour(now) if due else None,
            waiting_hour=None,
            changed_at=now,
            changed_minute=_minute(now),
        )

    def quarantined(self, finding: Finding, now: datetime) -> Pair:
        """The pair refused because the service would not train on its row, and barred from coming in so again."""
        if self.row is None:
            raise ValueError(f"{self.dataset}/{self.path} has no row to quarantine")
        barred = Barred(self.row.audio_sha256, self.row.text_sha256, finding)
        out = self.rejected((finding,), now, self.remarks, self.measured)
        return replace(out, barred=barred, freed=self.freed)  # its recording would fare no better elsewhere

    def taken_into(self, run: str, now: datetime) -> Pair:
        """The pair in a run's cut: what it holds now is frozen for that run, whatever arrives later."""
        taken = Taken(run, self.row, self.audio, self.transcript, self.split)
        return replace(self, due=Due.NOTHING, due_hour=None, taken_by=run, taken=taken, changed_at=now)

    def _left_out(
        self,
        state: PairState,
        reasons: tuple[Finding, ...],
        remarks: tuple[Finding, ...],
        measured: Measured | None,
        now: datetime,
    ) -> Pair:
        was_in = (
            self.row is not None or self.due is Due.REMOVE or (self.taken is not None and self.taken.row is not None)
        )
        due = Due.REMOVE if was_in else Due.NOTHING
        waiting_hour = _hour(now) if state is PairState.WAITING else None
        return replace(
            self,
            state=state,
            reasons=reasons,
            remarks=remarks,
            measured=measured,
            row=None,
            freed=self._freed_by(None),
            due=due,
            due_hour=None,
            waiting_hour=waiting_hour,
            changed_at=now,
            changed_minute=_minute(now),
        )

    def _freed_by(self, row: Row | None) -> tuple[str, ...]:
        """The recordings that are free when this row takes the place of the one before."""
        had = {*self.freed, self.row.audio_sha256} if self.row else set(self.freed)
        return tuple(sorted(had - {row.audio_sha256} if row else had))

    def _half(self, kind: HalfKind) -> Half | None:
        return self.audio if kind is HalfKind.AUDIO else self.transcript


def _hour(now: datetime) -> int:
    """Hours since 1970. Whole hours, because an index on an ever-growing time bears 500 writes a second at most."""
    return int(now.timestamp()) // _HOUR


def _minute(now: datetime) -> int:
    """Minutes since 1970, for whoever asks what has changed lately; whole ones, for the same reason."""
    return int(now.timestamp()) // _MINUTE
