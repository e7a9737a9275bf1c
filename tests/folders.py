"""Folders of pairs made for tests."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path

from attune_local.corpus import sentences
from sounds import encoded, speech

SENTENCES = tuple(islice(sentences(7), 200))


@cache
def voice(number: int, ending: str = ".wav") -> bytes:
    """A good recording of 2 seconds and more that no other number has."""
    return encoded(ending, speech(2 + number / 100))


def put(folder: Path, path: str, audio: bytes | None, text: str | bytes | None, ending: str = ".wav") -> None:
    """One pair, or a half of it."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if audio is not None:
        target.with_name(f"{target.name}{ending}").write_bytes(audio)
    if text is not None:
        data = text if isinstance(text, bytes) else text.encode()
        target.with_name(f"{target.name}.txt").write_bytes(data)


def good(folder: Path, count: int) -> Path:
    """A folder of so many pairs that nothing is to be said of."""
    for number in range(count):
        put(folder, f"call-{number:03}", voice(number), f"{SENTENCES[number]}\n")
    return folder
