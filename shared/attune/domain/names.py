"""What an object's name in the intake bucket says (which dataset, which pair, which half), and names made of it."""

from __future__ import annotations

import hashlib
import re
from base64 import b32hexencode
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

# Gemini's audio types; mp3 is written as Google's tuning page writes it, and as the recipe does in inline rows.
AUDIO_ENDINGS = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".aac": "audio/aac",
    ".m4a": "audio/m4a",
}
TRANSCRIPT_ENDING = ".txt"
LONGEST_DATASET_BYTES = 200  # leaves room for runs/{dataset}/{run}/validation.jsonl within GCS's 1,024 bytes
_PAIR_ID_LENGTH = 26  # base32 characters: 130 bits
_RUN_DIGITS = 6
_RUN_ID = re.compile(r"r?0*([1-9]\d{0,8})")
_RESERVED_ID = re.compile(r"\.\.?|__.*__", re.DOTALL)  # what Firestore refuses as a document id
_PLAIN_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 does not have


class HalfKind(StrEnum):
    """The two halves of a pair."""

    AUDIO = "audio"
    TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that is half of a pair: `dataset`, the pair's `path` without its ending, which `kind`, its `ending`."""

    dataset: str
    path: str
    kind: HalfKind
    ending: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An object that is not ours, and why, in words."""

    reason: str


def classify(name: str) -> Candidate | Ignored:
    """Reads an object's name: half of a pair, or ignored with a reason. Total: every string has an answer."""
    if not _is_unicode(name):
        return Ignored("its name is not Unicode text")
    dataset, slash, rest = name.partition("/")
    if fault := _dataset_fault(dataset, slash):
        return Ignored(fault)
    stem, ending = _split_ending(rest)
    if not stem or stem.endswith("/"):
        return Ignored("it has no name before its ending")
    if ending == TRANSCRIPT_ENDING:
        return Candidate(dataset, stem, HalfKind.TRANSCRIPT, ending)
    if ending in AUDIO_ENDINGS:
        return Candidate(dataset, stem, HalfKind.AUDIO, ending)
    return Ignored(f"its ending is none of {', '.join([*AUDIO_ENDINGS, TRANSCRIPT_ENDING])}")


def dataset_of(name: str) -> str:
    """The dataset in whose folder an object lies, whether it is a candidate or not; empty where it lies in none."""
    dataset, slash, _ = name.partition("/")
    return "" if not _is_unicode(name) or _dataset_fault(dataset, slash) else dataset


def _dataset_fault(dataset: str, slash: str) -> str | None:
    if not slash:
        return "it lies in no dataset folder; drop it as {dataset}/{path}/{stem}.wav"
    if not dataset:
        return "its name starts with a slash, so its dataset has no name"
    if _RESERVED_ID.fullmatch(dataset):
        return "its dataset's name is one that Firestore reserves"
    if len(dataset.encode()) > LONGEST_DATASET_BYTES:
        return f"its dataset's name is longer than {LONGEST_DATASET_BYTES} bytes"
    return None


def _is_unicode(name: str) -> bool:
    return _SURROGATE.search(name) is None


def _split_ending(rest: str) -> tuple[str, str]:
    stem, dot, ending = rest.rpartition(".")
    if not dot or "/" in ending:
        return rest, ""
    return stem, f".{ending.lower()}"


@lru_cache(maxsize=64)  # of the pairs in hand: each is asked for ten times
def pair_id(dataset: str, path: str) -> str:
    """The pair's document id and its place in the shuffle: 26 base32hex characters, whose order is the rows' order.

    A hash spreads Firestore's writes, which sequential names would not, and its prefixes are the shards' ranges.
    """
    digest = hashlib.sha256(f"{dataset}\0{path}".encode()).digest()
    return b32hexencode(digest).decode().lower()[:_PAIR_ID_LENGTH]


def dataset_key(dataset: str) -> str:
    """A name for the dataset that is safe in URIs: its own where it is plain, else one from its digest."""
    if _PLAIN_KEY.fullmatch(dataset):
        return dataset
    return "x-" + hashlib.sha256(dataset.encode()).hexdigest()[:16]


def label_key(dataset: str) -> str:
    """The same for a resource label, which takes no dot and, with a run's id behind it, 50 characters."""
    return dataset if _PLAIN_LABEL.fullmatch(dataset) else dataset_key(f"\0{dataset}")


def inline_mime_type(mime_type: str) -> str:
    """The recipe writes audio/mp3 where Google's tuning page writes audio/mpeg."""
    return "audio/mp3" if mime_type == "audio/mpeg" else mime_type


def run_id(number: int) -> str:
    """A run's id; its order as text is its order as a number."""
    return f"r{number:0{_RUN_DIGITS}d}"


def run_number(text: str) -> int | None:
    """The number in a run's id, or in what a person writes for it: r000012, r12 or 12."""
    found = _RUN_ID.fullmatch(text)
    return int(found.group(1)) if found else None
