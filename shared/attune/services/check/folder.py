"""What lies in a dataset's folder: its pairs, as ingest would see them, and what is no pair, with the reason."""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from attune.domain.names import (
    AUDIO_ENDINGS,
    TRANSCRIPT_ENDING,
    Candidate,
    HalfKind,
    Ignored,
    classify,
    pair_id,
)
from attune.domain.pair import Half

LONGEST_NAME_BYTES = 1_024  # of an object in a bucket
_OTHER = {HalfKind.AUDIO: HalfKind.TRANSCRIPT, HalfKind.TRANSCRIPT: HalfKind.AUDIO}
_NO_NAME = ("\r", "\n")  # what an object's name cannot hold


@dataclass(frozen=True, slots=True)
class Couple:
    """A pair whose halves both lie in the folder. A half's generation is when its file was changed, in nanoseconds.

    `alone` is a recording that no other of the folder can be the same as: none has as many bytes.
    """

    id: str
    path: str
    ending: str
    audio: Half
    transcript: Half
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A file that is no half of a pair that can be judged: its name in the folder, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All that lies in a folder: the pairs in the order of their ids, the rest in that of their names.

    `waiting` have no partner, of `superseded` a newer file has their place, `ignored` are not ours, and what is
    `unread` could not be looked at.
    """

    couples: tuple[Couple, ...] = ()
    waiting: tuple[Told, ...] = ()
    superseded: tuple[Told, ...] = ()
    ignored: tuple[Told, ...] = ()
    unread: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file: its name in the folder, its bytes, and when it was changed (nanoseconds)."""

    name: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk through a folder met."""

    files: list[File] = field(default_factory=list)
    ignored: list[Told] = field(default_factory=list)
    unread: list[Told] = field(default_factory=list)


def walk(folder: Path) -> Walked:
    """Every file under a folder. Links are followed to files in the folder, and never out of it or to a folder."""
    walked, left, root = Walked(), [""], folder.resolve()
    while left:
        inside = left.pop()
        try:
            with os.scandir(root / inside) as entries:
                for entry in entries:
                    _meet(entry, f"{inside}{entry.name}", root, walked, left)
        except OSError as error:
            walked.unread.append(Told(shown(inside) or ".", f"the folder cannot be listed: {error.strerror}"))
    return walked


def listing(dataset: str, walked: Walked) -> Listing:
    """What of the files is what, when they lie in the intake bucket under the dataset's name."""
    places: defaultdict[tuple[str, HalfKind], list[tuple[Half, str]]] = defaultdict(list)
    ignored = list(walked.ignored)
    for file in walked.files:
        name = f"{dataset}/{file.name}"
        match _readable(name):
            case Ignored(reason):
                ignored.append(Told(shown(file.name), reason))
            case Candidate(_, path, kind, ending):
                places[path, kind].append((Half(kind, name, file.changed, file.size), ending))
    superseded = [told for halves in places.values() for told in _older(halves)]
    newest = {place: max(halves, key=_order) for place, halves in places.items()}
    couples, waiting = _joined(dataset, newest)
    sizes = Counter(couple.audio.size for couple in couples)
    return Listing(
        tuple(replace(couple, alone=sizes[couple.audio.size] == 1) for couple in sorted(couples, key=_id)),
        _sorted(waiting),
        _sorted(superseded),
        _sorted(ignored),
        _sorted(walked.unread),
    )


def dataset_fault(dataset: str) -> str | None:
    """Why a dataset cannot have that name, or None."""
    if "/" in dataset:
        return "a dataset's name has no slash"
    known = classify(f"{dataset}/a{TRANSCRIPT_ENDING}")
    return known.reason if isinstance(known, Ignored) else None


def shown(text: str) -> str:
    """A name, or a sentence with one, as it can be printed: what is no character in it is written out."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def name_in(folder: str, half: Half) -> str:
    """The name, in the dataset's folder, of a half as it would lie in the bucket."""
    return half.name.removeprefix(f"{folder}/")


def _meet(entry: os.DirEntry[str], name: str, root: Path, walked: Walked, left: list[str]) -> None:
    try:
        if entry.is_symlink() and (fault := _link_fault(entry, root)):
            walked.ignored.append(Told(shown(name), fault))
        elif entry.is_dir(follow_symlinks=False):
            left.append(f"{name}/")
        else:
            _keep(entry.stat(), name, walked)
    except OSError as error:
        walked.unread.append(Told(shown(name), f"it cannot be looked at: {error.strerror}"))


def _link_fault(entry: os.DirEntry[str], root: Path) -> str | None:
    target = Path(os.path.realpath(entry.path))  # unlike Path.resolve it bears links that lead to themselves
    if not target.is_relative_to(root):
        return "it is a link out of the folder, which is not followed"
    if not target.exists():
        return "it is a link that leads nowhere"
    return "it is a link to a folder, which is not followed" if target.is_dir() else None


def _keep(found: os.stat_result, name: str, walked: Walked) -> None:
    if stat.S_ISREG(found.st_mode):
        walked.files.append(File(name, found.st_size, found.st_mtime_ns))
    else:
        walked.ignored.append(Told(shown(name), "it is no regular file"))


def _readable(name: str) -> Candidate | Ignored:
    """What the name is in a bucket, which knows fewer names than a disk."""
    known = classify(name)
    if isinstance(known, Ignored):
        return known
    if any(character in name for character in _NO_NAME):
        return Ignored("its name has a line break, which no object's name can hold")
    if len(name.encode()) > LONGEST_NAME_BYTES:
        return Ignored(f"its name is longer than the {LONGEST_NAME_BYTES:,} bytes of an object's name")
    return known


def _id(couple: Couple) -> str:
    return couple.id


def _order(found: tuple[Half, str]) -> tuple[int, str]:
    return found[0].order


def _older(halves: list[tuple[Half, str]]) -> Iterator[Told]:
    *older, newest = sorted((half for half, _ in halves), key=lambda half: half.order)
    by = shown(newest.name.partition("/")[2])
    for half in older:
        why = f"{by} has the same stem and was changed later; in the bucket the one that is uploaded last counts"
        yield Told(shown(half.name.partition("/")[2]), why)


def _joined(dataset: str, newest: dict[tuple[str, HalfKind], tuple[Half, str]]) -> tuple[list[Couple], list[Told]]:
    couples, waiting = [], []
    for (path, kind), (half, ending) in newest.items():
        other = newest.get((path, _OTHER[kind]))
        if other is None:
            waiting.append(Told(shown(name_in(dataset, half)), _missing(path, kind)))
        elif kind is HalfKind.AUDIO:
            couples.append(Couple(pair_id(dataset, path), path, ending, half, other[0]))
    return couples, waiting


def _missing(path: str, kind: HalfKind) -> str:
    stem = shown(path.rpartition("/")[2])
    if kind is HalfKind.AUDIO:
        return f"there is no {stem}{TRANSCRIPT_ENDING} beside it"
    return f"there is no recording {stem} beside it ({', '.join(AUDIO_ENDINGS)})"


def _sorted(told: Iterable[Told]) -> tuple[Told, ...]:
    return tuple(sorted(told, key=lambda one: one.name))
