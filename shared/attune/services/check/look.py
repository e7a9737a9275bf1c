"""Look at one pair of a folder: the rules of its arrival, and what is kept of it. Never what is said in it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from attune.config import Settings
from attune.domain.content import Content
from attune.domain.finding import Finding, Severity
from attune.domain.pair import Half, Measured
from attune.domain.quality.customs import Customs
from attune.domain.row import Weight, tokens_of
from attune.ports import Ear
from attune.services.check.folder import Couple, name_in
from attune.services.encode import Utterance, written
from attune.services.examine import Brought, examine, too_large
from attune.services.settle import content_of


@dataclass(frozen=True, slots=True)
class Repairs:
    """Where repaired transcripts are written; `every` one that is good, too."""

    folder: Path
    every: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What it takes to look at a pair, in this process or another."""

    folder: Path
    dataset: str
    settings: Settings
    ear: Ear
    repairs: Repairs | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """What a row of the pair would be made of."""

    content: Content
    seconds: float
    tokens: int
    weight: Weight


@dataclass(frozen=True, slots=True)
class Seen:
    """A pair that was looked at: what was found and measured; no material, no row. `fault`: why it was not."""

    findings: tuple[Finding, ...] = ()
    measured: Measured | None = None
    material: Material | None = None
    fixed: bool = False
    fault: str | None = None


def look(couples: Sequence[Couple], place: Place) -> list[Seen]:
    """Each of the pairs, one after the other. At most one pair's files are held at a time."""
    return [_look(couple, place) for couple in couples]


def _look(couple: Couple, place: Place) -> Seen:
    if faults := too_large(couple.audio, couple.transcript, place.settings):
        return Seen(faults)
    try:
        audio, text = (_read(half, place) for half in (couple.audio, couple.transcript))
    except OSError as error:
        return Seen(fault=f"{error.strerror}")
    return _examined(couple, Brought(audio, couple.ending, text), place)


def _examined(couple: Couple, brought: Brought, place: Place) -> Seen:
    try:
        seen = examine(couple.path, brought, place.settings, Customs(), place.ear)
    except Exception as error:
        error.add_note(f"It happened with the pair {couple.path!r}.")
        raise
    if seen.utterance is None:
        return Seen(seen.findings, seen.measured)
    text, material = _material(couple, brought.audio, seen.utterance, place.settings)
    fixed = _write(text, couple, seen.findings, place)
    return Seen(seen.findings, seen.measured, material, fixed)


def _read(half: Half, place: Place) -> bytes:
    name = f"{place.folder}/{name_in(place.dataset, half)}"
    with open(name, "rb", buffering=0) as file:  # noqa: PTH123 - small files are read in half the time that a Path takes
        return file.read()


def _material(couple: Couple, audio: bytes, utterance: Utterance, settings: Settings) -> tuple[str, Material]:
    """The text as it would stand in the row, and the rest of what the row is made of."""
    phrasing = settings.phrasing
    task = phrasing.task_of(couple.path)
    template = phrasing.template_of(task)
    text = written(utterance.said, template)
    material = Material(
        content_of(couple.path, _name(couple, audio, settings), utterance.said, settings),
        utterance.seconds,
        tokens_of(utterance.seconds, len(text), template),
        Weight(len(audio), len(orjson.dumps(text)) - 2, len(text)),
    )
    return text, material


def _name(couple: Couple, audio: bytes, settings: Settings) -> str:
    """The digest of a recording; its size, where that tells it from all others and no side hangs on the digest."""
    if couple.alone and not settings.tasks:
        return f"{couple.audio.size} bytes"
    return hashlib.sha256(audio).hexdigest()


def _write(text: str, couple: Couple, findings: Sequence[Finding], place: Place) -> bool:
    """Writes the text, if it is wanted, so that nothing ever stands half-written under its name."""
    repairs = place.repairs
    repaired = any(finding.severity is Severity.REPAIRED for finding in findings)
    if repairs is None or not (repaired or repairs.every):
        return False
    target = repairs.folder / name_in(place.dataset, couple.transcript)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        part.write(text.encode())
    os.replace(part.name, target)  # noqa: PTH105 - both are names here
    return True
