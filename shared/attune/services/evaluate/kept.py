"""Answers kept in a file on a person's machine: a line of JSON each, written as they come, so that none is paid twice.

A line holds what a model answered, which is what was said: the file is its owner's alone (mode 0600).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import orjson

from attune.domain.evaluation.example import Answer
from attune.errors import BusyError, DamagedError
from attune.ports import Clock
from attune.services.evaluate.asking import Question

_BEGINNING = b'{"key":"'
_FIELDS = tuple(field.name for field in fields(Answer))


class KeptAnswers:
    """The answers of an open file, by their questions' keys. Threads may share it."""

    def __init__(self, file: BinaryIO, known: Mapping[str, Answer], clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._lock = Lock()
        self._known = dict(known)

    def get(self, question: Question) -> Answer | None:
        """What was answered to this very question, by this very model."""
        return self._known.get(question.key)

    def keep(self, question: Question, answer: Answer) -> None:
        """Writes an answer down.

        Raises:
            OSError: it cannot be written.
        """
        contender = question.contender
        about = {"pair": question.example.pair, "target": contender.target, "model": contender.model}
        line = orjson.dumps({"key": question.key, **about, "at": self._clock(), **asdict(answer)})
        with self._lock:
            self._file.write(line + b"\n")
            self._file.flush()
            self._known[question.key] = answer


@contextmanager
def kept_in(path: Path, clock: Clock) -> Iterator[KeptAnswers]:
    """The answers that a file has, to which more are added; it is made where there is none.

    A last line that was only half written is cut off.

    Raises:
        BusyError: another process adds to it.
        DamagedError: it holds what is no answer.
        OSError: it cannot be opened.
    """
    import fcntl  # noqa: PLC0415 - where there is none, the other commands work

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another command adds its answers to {path}: give another file with --answers") from None
        known, end = _read(file, path)
        os.fchmod(file.fileno(), 0o600)
        file.truncate(end)
        yield KeptAnswers(file, known, clock)


def _read(file: BinaryIO, path: Path) -> tuple[dict[str, Answer], int]:
    """The answers, and where the last whole line ends."""
    known: dict[str, Answer] = {}
    end = 0
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n") and (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
            break
        try:
            told = orjson.loads(line)
            known[told["key"]] = Answer(**{name: told[name] for name in _FIELDS if name in told})
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise DamagedError(f"line {number} of {path} is no answer: give another file with --answers") from error
        end += len(line)
    return known, end
