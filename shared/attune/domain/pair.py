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
    ERASED = "erased"


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
class Content:
    """What a pair said once, and the digests of the templates that it was rendered with on arrival.

    Our objects in the dataset bucket have their names from these.
    """

    audio_sha256: str
    text_sha256: str
    mime_type: str
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """From this run's cut on, until the next stay's, runs have these two generations of the pair; or none of it."""

    run: str
    audio: Half | None
    transcript: Half | None
    split: Split | None = None


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

    `erased` are the newest halves of each kind that were deleted from the bucket: they do not come back, however late
    their events are. `past` is what it said before, `recordings` are the digests of those that it holds or a cut froze,
    and `to_forget` says that our objects made of its past are to be deleted. `stays` tell which runs had which halves.
    `halves` and `erased_halves` are how many there are, to be counted by.
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
    halves: int = 0
    erased: tuple[Half, ...] = ()
    erased_halves: int = 0
    past: tuple[Content, ...] = ()
    recordings: tuple[str, ...] = ()
    to_forget: bool = False
    stays: tuple[Stay, ...] = ()

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

    def has_erased(self, half: Half) -> bool:
        """Whether this half, or a newer one under its name, is known to have been deleted."""
        return any(gone.name == half.name and gone.generation >= half.generation for gone in self.erased)

    def with_half(self, half: Half) -> Pair:
        """The pair with this half in place of an older one."""
        return self._with(half.kind, half)

    def without(self, half: Half) -> Pair:
        """The pair without this very half, whose generation is no longer in the bucket."""
        return self._with(half.kind, None) if self._half(half.kind) == half else self

    def without_erased(self, half: Half, now: datetime) -> Pair:
        """The pair after this half was deleted from the bucket: what it was part of is to be forgotten.

        A newer half stays, and so does one of the same kind under another name.
        """
        others = tuple(gone for gone in self.erased if gone.name != half.name)
        known = self._half(half.kind)
        left = replace(self, erased=(*others, half), erased_halves=len(others) + 1)
        if known and known.name == half.name and known.generation <= half.generation:
            left = left._with(half.kind, None)  # noqa: SLF001 - the same class
        elif self.complete:
            return left
        out = left.waiting(now)
        return replace(out, to_forget=bool(out.past or out.recordings))

    def forgotten(self) -> Pair:
        """The pair once none of our objects is made of its past."""
        return replace(self, past=(), to_forget=False)

    def waiting(self, now: datetime) -> Pair:
        """The pair without a verdict, for want of its partner; or erased, for want of both."""
        return self._left_out(PairState.WAITING if self._halves() else PairState.ERASED, (), (), None, now)

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
            halves=self._halves(),
            past=self._past_after(row),
            recordings=_recordings(row, self.taken),
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
        stay = Stay(run, self.audio, self.transcript, self.split) if self.row else Stay(run, None, None)
        return replace(
            self,
            due=Due.NOTHING,
            due_hour=None,
            taken_by=run,
            taken=taken,
            recordings=_recordings(self.row, taken),
            stays=(*self.stays, stay),
            changed_at=now,
        )

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
            halves=self._halves(),
            past=self._past_after(None),
            recordings=_recordings(None, self.taken),
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

    def _past_after(self, row: Row | None) -> tuple[Content, ...]:
        """What it has said before, when this row takes the place of the one before."""
        known = {(each.audio_sha256, each.text_sha256, each.mime_type): each.templates for each in self.past}
        if self.row and self.row != row:
            said = (self.row.audio_sha256, self.row.text_sha256, self.row.mime_type)
            known[said] = tuple(sorted({*known.get(said, ()), self.row.template}))
        return tuple(Content(*said, templates) for said, templates in known.items())

    def _with(self, kind: HalfKind, half: Half | None) -> Pair:
        return replace(self, **{kind.value: half})  # type: ignore[arg-type]  # the two kinds are the two fields

    def _halves(self) -> int:
        return sum(half is not None for half in (self.audio, self.transcript))

    def _half(self, kind: HalfKind) -> Half | None:
        return self.audio if kind is HalfKind.AUDIO else self.transcript


def _recordings(row: Row | None, taken: Taken | None) -> tuple[str, ...]:
    rows = (row, taken.row if taken else None)
    return tuple(sorted({each.audio_sha256 for each in rows if each}))


def _hour(now: datetime) -> int:
    """Hours since 1970. Whole hours, because an index on an ever-growing time bears 500 writes a second at most."""
    return int(now.timestamp()) // _HOUR


def _minute(now: datetime) -> int:
    """Minutes since 1970, for whoever asks what has changed lately; whole ones, for the same reason."""
    return int(now.timestamp()) // _MINUTE
