"""Where every document lies, and every question that is asked of them: what the indexes in `infra` are made for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attune.domain.alias import Alias
from attune.domain.content import Recording, Side
from attune.domain.evaluation.example import Answered
from attune.domain.evaluation.guard import Check
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.events import Message
from attune.domain.ledger import Ledger, Tally
from attune.domain.pair import Due, Pair, PairState
from attune.domain.parked import Parked
from attune.domain.quality.customs import Customs
from attune.domain.run import Run, run_id
from attune.domain.shard import Shard
from attune.ports import Contains, Key, Order, Query, RawDocument

DEFAULTS = Key(RawDocument, ("settings", "defaults"))


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What attune knows of a dataset: its last good settings, and what is wrong with those that stand there now.

    `version` counts the phrasings its rows have been put in, `version_digest` names the one in force since
    `version_since`. `customs` is how its transcripts are written, as of its last report, which took in all that had
    changed by `reported_minute` (minutes since 1970). `census_hour` is that of its last census, in hours since 1970.
    """

    dataset: str
    good: Mapping[str, object] = field(default_factory=dict)
    written: str = ""
    errors: tuple[str, ...] = ()
    errors_written: str = ""
    errors_since: datetime | None = None
    census_hour: int = 0
    version: int = 0
    version_digest: str = ""
    version_since: datetime | None = None
    customs: Customs = field(default_factory=Customs)
    reported_minute: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may cut and shard a dataset, until when; and how many due pairs were last sharded ahead of a cut."""

    dataset: str
    owner: str
    until: datetime
    sharded_ahead: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to one running tuning job, and the run that has it."""

    dataset: str
    run: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a dataset's report has got. Minutes are since 1970.

    Every pair that changed before the minute `since` is in the tree numbered `tree`, which is of the shape `shape`. A
    walk that was cut short goes on behind the pair `reached_pair` of the minute `reached`, and at its end `since` is
    `floor`. The files were last `published_at`, of these `lines` of so many `pairs`, beside settings named by `shown`.
    """

    dataset: str
    shape: int
    tree: int = 1
    since: int = 0
    floor: int = 0
    reached: int | None = None
    reached_pair: str = ""
    pairs: int = 0
    lines: str = ""
    shown: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Discard:
    """Objects that no node of a dataset's trees has a use for any more; `tree` is the folder of its objects."""

    tree: str
    names: tuple[str, ...]

    @property
    def id(self) -> str:
        """The document's id: the same for the same objects."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far the pass over the intake bucket has got.

    Every object up to the name `reached` is counted: those of `dataset` in `counted`, those before it in `total`. Where
    halves are missing, its pairs are looked at one by one (`walking`): `walked` is the last of them, and so many halves
    were found `vanished`, or were `unresolved`: they could not be looked for now. After the bucket's end, `closing` is
    the last dataset of which nothing was listed.
    """

    pass_number: int
    started_at: datetime
    finished_at: datetime | None = None
    reached: str = ""
    listed_all: bool = False
    dataset: str = ""
    counted: Tally = field(default_factory=Tally)
    walking: bool = False
    walked: str = ""
    vanished: int = 0
    unresolved: int = 0
    total: Tally = field(default_factory=Tally)
    closing: str = ""
    last_listed: int = 0
    last_seconds: float | None = None


def own_settings(dataset: str) -> Key[RawDocument]:
    """The settings a person wrote for a dataset."""
    return Key(RawDocument, ("datasets", dataset))


def pair(dataset: str, pair_id: str) -> Key[Pair]:
    """A pair."""
    return Key(Pair, ("datasets", dataset, "pairs", pair_id))


def recording(dataset: str, audio_sha256: str) -> Key[Recording]:
    """Who has a recording."""
    return Key(Recording, ("datasets", dataset, "recordings", audio_sha256))


def side(dataset: str, key: str) -> Key[Side]:
    """The side that words or a group are on."""
    return Key(Side, ("datasets", dataset, "sides", key))


def run(dataset: str, number: int) -> Key[Run]:
    """A run."""
    return Key(Run, ("datasets", dataset, "runs", run_id(number)))


def evaluation(dataset: str, number: int) -> Key[Evaluation]:
    """What was measured of a run's model, and what the gate said of it."""
    return Key(Evaluation, ("datasets", dataset, "runs", run_id(number), "evaluations", "gate"))


def shard(dataset: str, split: str, prefix: str) -> Key[Shard]:
    """A node of a side's tree, or of a report's; the root's prefix is empty."""
    return Key(Shard, ("datasets", dataset, "shards", f"{split}-{prefix}" if prefix else str(split)))


def discard(dataset: str, name: str) -> Key[Discard]:
    """Objects that are to be deleted."""
    return Key(Discard, ("datasets", dataset, "discards", name))


def discards(dataset: str) -> Query[Discard]:
    """All that a crash left to be deleted."""
    return Query(Discard, ("datasets", dataset, "discards"))


def progress(dataset: str) -> Key[Progress]:
    """How far a dataset's report has got."""
    return Key(Progress, ("reports", dataset))


def state(dataset: str) -> Key[DatasetState]:
    """What attune knows of a dataset."""
    return Key(DatasetState, ("states", dataset))


def lease(dataset: str) -> Key[Lease]:
    """The lease on a dataset."""
    return Key(Lease, ("leases", dataset))


def report_lease(dataset: str) -> Key[Lease]:
    """The lease on a dataset's report."""
    return Key(Lease, ("datasets", dataset, "leases", "report"))


def evaluation_lease(dataset: str) -> Key[Lease]:
    """The lease on asking a dataset's hold-out."""
    return Key(Lease, ("datasets", dataset, "leases", "evaluation"))


def answer(dataset: str, key: str) -> Key[Answered]:
    """What a model answered to a held-out utterance."""
    return Key(Answered, ("datasets", dataset, "answers", key))


def slot(index: int) -> Key[Slot]:
    """One of the project's slots for a running job."""
    return Key(Slot, ("slots", str(index)))


def alias(name: str) -> Key[Alias]:
    """An alias."""
    return Key(Alias, ("aliases", name))


def sweep() -> Key[Sweep]:
    """How far the sweep has got."""
    return Key(Sweep, ("sweeps", "intake"))


def sweep_lease() -> Key[Lease]:
    """The lease on sweeping."""
    return Key(Lease, ("sweeps", "intake", "leases", "sweep"))


def ledger(dataset: str) -> Key[Ledger]:
    """A dataset's ledger."""
    return Key(Ledger, ("ledgers", dataset))


def parked(event: str) -> Key[Parked]:
    """An event that could not be worked on."""
    return Key(Parked, ("parked", event))


def restless_aliases() -> Query[Alias]:
    """The aliases that watch has something to do for."""
    return Query(Alias, ("aliases",), (("at_rest", False),))


def guard_check(dataset: str, number: int, check: int) -> Key[Check]:
    """What one of the checks after a run's promotion found."""
    return Key(Check, ("datasets", dataset, "runs", run_id(number), "evaluations", f"guard-{check}"))


def alias_history(name: str, serial: int) -> Key[Alias]:
    """The alias as it was after a move."""
    return Key(Alias, ("aliases", name, "history", f"{serial:06d}"))


def outbox(message_id: str) -> Key[Message]:
    """A message that waits to be sent."""
    return Key(Message, ("outbox", message_id))


def new_pairs(dataset: str) -> Query[Pair]:
    """Accepted pairs that no run has taken: what the threshold counts."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),))


def oldest_new_pairs(dataset: str) -> Query[Pair]:
    """The same, those that have waited longest first."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),), order_by="due_hour")


def oldest_waiting_pairs(dataset: str) -> Query[Pair]:
    """Pairs that wait for their other half, the longest first."""
    where = (("state", PairState.WAITING),)
    return Query(Pair, ("datasets", dataset, "pairs"), where, order_by="waiting_hour")


def due_pairs(dataset: str) -> Query[Pair]:
    """Pairs that the next cut takes in or out."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", (Due.ADD, Due.REMOVE)),))


def pairs_in(dataset: str, state: str) -> Query[Pair]:
    """The pairs in a state."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("state", state),))


def pairs_with_halves(dataset: str, halves: int) -> Query[Pair]:
    """The pairs that have so many halves: none, one or two."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("halves", halves),))


def pairs_with_erased_halves(dataset: str, erased: int) -> Query[Pair]:
    """The pairs of which so many deleted objects are remembered."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("erased_halves", erased),))


def all_pairs(dataset: str) -> Query[Pair]:
    """Every pair of a dataset, in the order of their ids."""
    return Query(Pair, ("datasets", dataset, "pairs"))


def every_pair() -> Query[RawDocument]:
    """Every dataset's pairs, dataset by dataset: to see where they lie, whatever is in them."""
    return Query(RawDocument, ("pairs",), group=True)


def pairs_to_forget() -> Query[Pair]:
    """Every dataset's pairs whose copies are to be deleted."""
    return Query(Pair, ("pairs",), (("to_forget", True),), group=True)


def pairs_with_recording(dataset: str, audio_sha256: str) -> Query[Pair]:
    """The pairs that hold a recording now, or held it at their last cut."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("recordings", Contains(audio_sha256)),))


def answers_about(dataset: str, pair_id: str) -> Query[Answered]:
    """What models answered about a pair."""
    return Query(Answered, ("datasets", dataset, "answers"), (("pair", pair_id),))


def parked_events() -> Query[Parked]:
    """The events that were acknowledged without having been worked on."""
    return Query(Parked, ("parked",), (("parked", True),))


def events_to_try_again() -> Query[Parked]:
    """Those of them that a person wants tried again."""
    return Query(Parked, ("parked",), (("again", True),))


def taken_pairs(dataset: str, run_name: str) -> Query[Pair]:
    """The pairs in a run's cut."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("taken_by", run_name),))


def changed_pairs(dataset: str, minute: int) -> Query[Pair]:
    """The pairs whose verdict is of that minute (minutes since 1970) or a later one, the oldest first."""
    return Query(Pair, ("datasets", dataset, "pairs"), order_by="changed_minute", at_least=minute)


def newest_runs(dataset: str) -> Query[Run]:
    """A dataset's runs, the newest first."""
    return Query(Run, ("datasets", dataset, "runs"), order_by="number", order=Order.DESCENDING)


def active_runs(dataset: str) -> Query[Run]:
    """A dataset's runs that have not ended."""
    return Query(Run, ("datasets", dataset, "runs"), (("active", True),))


def runs_in(dataset: str, state: str) -> Query[Run]:
    """A dataset's runs in a state."""
    return Query(Run, ("datasets", dataset, "runs"), (("state", state),))


def all_active_runs() -> Query[Run]:
    """Every dataset's runs that have not ended."""
    return Query(Run, ("runs",), (("active", True),), group=True)


def all_slots() -> Query[Slot]:
    """The slots that are taken."""
    return Query(Slot, ("slots",))


def known_datasets() -> Query[DatasetState]:
    """The datasets that attune has accepted a pair of."""
    return Query(DatasetState, ("states",))


def configured_datasets() -> Query[RawDocument]:
    """The datasets that a person has written settings for."""
    return Query(RawDocument, ("datasets",))


def waiting_messages() -> Query[Message]:
    """The outbox."""
    return Query(Message, ("outbox",))
