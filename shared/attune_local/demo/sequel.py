"""What comes after a first run: more good pairs, then a poisoned lot, then a step back, under a reader's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attune.domain.run import RunState
from attune_local.demo.ground import Ground
from attune_local.demo.picture import Picture, evaluation_of, look
from attune_local.demo.proof import Proof
from attune_local.demo.props import Act, Drop
from attune_local.demo.reader import Reader
from attune_local.demo.screen import Screen
from attune_local.demo.waiting import wait

_REASON = "the demo takes a step back"


@dataclass(frozen=True, slots=True)
class Lot:
    """Pairs that are dropped together, and open one run."""

    what: str
    drops: tuple[Drop, ...]

    @property
    def pairs(self) -> int:
        """How many."""
        return len(self.drops) // 2


def good(dataset: str, folder: Path, name: str) -> Lot:
    """A corpus as it is."""
    drops = tuple(Drop(f"{dataset}/{name}/{path.name}", path.read_bytes()) for path in sorted(folder.iterdir()))
    return Lot(f"{len(drops) // 2} more good pairs", drops)


def poisoned(dataset: str, folder: Path, name: str) -> Lot:
    """A corpus in which every transcript lies beside another's recording."""
    lot = good(dataset, folder, name)
    texts = [drop for drop in lot.drops if drop.name.endswith(".txt")]
    others = {text.name: other.data for text, other in zip(texts, (*texts[7:], *texts[:7]), strict=True)}
    drops = tuple(Drop(drop.name, others.get(drop.name, drop.data)) for drop in lot.drops)
    return Lot(f"{lot.pairs} pairs whose transcripts were shuffled", drops)


def play_on(ground: Ground, act: Act, lots: tuple[Lot, Lot], screen: Screen) -> Iterator[Proof]:
    """A run on each lot, the second of which is poisoned, and a roll-back; what is proved of it."""
    alias = str(act.settings["alias"])
    with Reader(ground.documents, alias) as reader:
        for lot in lots:
            _run(ground, act, lot, alias, screen)
        before = look(ground, act.dataset, alias)
        screen.say(f"attune rollback {alias}: {ground.roll_back(alias, _REASON)}")
        after = look(ground, act.dataset, alias)
        wait(lambda: _told(ground, "rolledBack"), ground, "the roll-back's announcement")
        wait(lambda: reader.seen[-1:] == [_current(after)], ground, "the reader to see the roll-back")
    yield _gate(before)
    yield _stepped_back(before, after)
    yield _never(reader, after)


def _run(ground: Ground, act: Act, lot: Lot, alias: str, screen: Screen) -> None:
    known = len(look(ground, act.dataset, alias).runs)
    ground.write_settings(act.dataset, {**act.settings, "threshold": lot.pairs})
    screen.say(f"\n{lot.what} are dropped into {act.dataset}.")
    for drop in lot.drops:
        ground.drop(drop.name, drop.data)

    def decided() -> bool:
        picture = look(ground, act.dataset, alias)
        screen.update([picture], ground.told())
        return len(picture.runs) > known and picture.decided

    wait(decided, ground, f"the run on {lot.what}")
    run = look(ground, act.dataset, alias).runs[-1]
    screen.scores(run, evaluation_of(ground, run))


def _told(ground: Ground, ending: str) -> bool:
    return any(each.type.endswith(f".{ending}") for each in ground.told())


def _current(picture: Picture) -> str:
    return picture.alias.current.run if picture.alias else "-"


def _gate(picture: Picture) -> Proof:
    states = [run.state for run in picture.runs]
    seen = ", ".join(f"{run.id} {run.state}" for run in picture.runs)
    return Proof("gate", seen, states == [RunState.PROMOTED, RunState.PROMOTED, RunState.REJECTED])


def _stepped_back(before: Picture, after: Picture) -> Proof:
    seen = f"the alias stood for {_current(before)}, and stands for {_current(after)}"
    return Proof("rolled back", seen, (_current(before), _current(after)) == (before.runs[1].id, before.runs[0].id))


def _never(reader: Reader, picture: Picture) -> Proof:
    refused = {run.id for run in picture.runs if run.state is RunState.REJECTED}
    seen = f"a reader asked {reader.readings} times, saw {', then '.join(reader.seen)}, and never {', '.join(refused)}"
    return Proof("never", seen, bool(refused) and not refused & set(reader.seen))
