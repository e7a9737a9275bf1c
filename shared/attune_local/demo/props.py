"""What the demo drops: pairs, and the mishaps that real uploads have."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from attune.domain.names import Candidate, classify


@dataclass(frozen=True, slots=True)
class Drop:
    """One upload: the object's name in the intake bucket, its bytes, and what it stands for."""

    name: str
    data: bytes
    what: str = "pair"


@dataclass(frozen=True, slots=True)
class Act:
    """What is dropped into one dataset: at first, and `last`, when all the rest has been taken in."""

    dataset: str
    settings: dict[str, object]
    first: tuple[Drop, ...]
    last: tuple[Drop, ...] = ()

    @property
    def told(self) -> str:
        """What is dropped, counted by what it stands for."""
        kinds = Counter(drop.what for drop in (*self.first, *self.last))
        files = kinds.pop("pair", 0)
        mishaps = ", ".join(f"{number} {what}" for what, number in kinds.items())
        return f"{files} files" + (f", and {mishaps}," if mishaps else "")

    @property
    def final(self) -> dict[str, bytes]:
        """Each object's bytes when all is dropped."""
        return {drop.name: drop.data for drop in (*self.first, *self.last)}


def act_of_own(folder: Path, threshold: int | None, more: Mapping[str, object] | None = None) -> Act:
    """A person's own folder, as one dataset: every file in it, in shuffled order. `more` are further settings."""
    dataset = folder.resolve().name
    files = sorted(path for path in folder.resolve().rglob("*") if path.is_file())
    drops = [Drop(f"{dataset}/{path.relative_to(folder.resolve()).as_posix()}", path.read_bytes()) for path in files]
    stems = [_stems(drops, kind) for kind in ("audio", "transcript")]
    pairs = len(set.intersection(*stems))
    if not pairs:
        raise ValueError(f"{folder} holds no pair: a recording and a .txt of the same name beside it")
    Random(7).shuffle(drops)  # noqa: S311 - an order, not a secret
    settings = {
        "threshold": threshold or pairs,
        "alias": "production",
        "gate": {"unmeasured": "promote"},
        **(more or {}),
    }
    return Act(dataset, settings, tuple(drops))


def act_with_mishaps(dataset: str, folder: Path, threshold: int, settings: dict[str, object]) -> Act:
    """A synthesised corpus in shuffled order, and with it what real uploads have.

    Two files are sent twice, one is overwritten, one is not ours; an orphan, a broken recording, a pair that is in
    under another name, a transcript with time stamps, one with an editor's marks and line endings. One pair is kept
    for the last, and is the one that reaches the threshold.
    """
    drops = [Drop(f"{dataset}/{path.name}", path.read_bytes()) for path in sorted(folder.iterdir())]
    pairs, last = drops[:-2], drops[-2:]
    audio = [drop for drop in pairs if not drop.name.endswith(".txt")]
    wrong = Drop(audio[2].name, audio[3].data, "overwritten later")
    twin, odd = audio[4], audio[5]
    said = {drop.name: drop.data for drop in pairs}
    as_saved = codecs.BOM_UTF8 + said[_transcript_of(odd)].replace(b"\n", b"\r\n")
    mishaps = [
        Drop(audio[0].name, audio[0].data, "sent twice"),
        Drop(f"{dataset}/{Path(pairs[3].name).stem}.txt", pairs[3].data, "sent twice"),
        Drop(f"{dataset}/nobody-said-this.txt", b"Nobody recorded this.\n", "orphan"),
        Drop(f"{dataset}/cut-off.wav", b"RIFF\x24\x00\x00\x00WAVE", "broken"),
        Drop(f"{dataset}/cut-off.txt", b"The recording of this was cut off.\n", "broken"),
        Drop(f"{dataset}/readme.md", b"# What is said in the harbour\n", "not ours"),
        Drop(f"{dataset}/again{Path(twin.name).suffix}", twin.data, "in twice"),
        Drop(f"{dataset}/again.txt", said[_transcript_of(twin)], "in twice"),
        Drop(f"{dataset}/stamped.wav", _another(audio), "with time stamps"),
        Drop(f"{dataset}/stamped.txt", b"[00:00:01.000] Pilot boat, this is harbour control.\n", "with time stamps"),
        Drop(_transcript_of(odd), as_saved, "as an editor saves it"),
    ]
    sent = [drop for drop in pairs if drop.name != _transcript_of(odd)]
    shuffled = [*sent, *mishaps]
    Random(11).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    first = (wrong, *shuffled)
    return Act(dataset, {"threshold": threshold, **settings}, first, tuple(last))


def refused(drop: Drop) -> bool:
    """Whether no row comes of it."""
    return drop.what in {"broken", "in twice", "with time stamps"}


def _transcript_of(drop: Drop) -> str:
    return str(Path(drop.name).with_suffix(".txt"))


def _another(audio: Sequence[Drop]) -> bytes:
    """A recording that is in under no other name: one of the corpus, with a comment behind it that no player hears."""
    wav = next(drop.data for drop in audio if drop.name.endswith(".wav"))
    return wav + b"LIST\x04\x00\x00\x00INFO"


def transcripts(acts: Iterable[Act]) -> list[bytes]:
    """Everything that must be in no log."""
    texts = {drop.data.strip() for act in acts for drop in (*act.first, *act.last) if drop.name.endswith(".txt")}
    return sorted(text for text in texts if len(text) > _TELLING)


_TELLING = 8  # bytes: a shorter text may stand in a log by chance


def _stems(drops: Sequence[Drop], kind: str) -> set[str]:
    found = [classify(drop.name) for drop in drops]
    return {each.path for each in found if isinstance(each, Candidate) and each.kind.value == kind}
