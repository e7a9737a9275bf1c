"""Listens to a dataset's recordings while the service reads its rows: what a job that runs is busy with."""

import json
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from attune_local.vertex.content import USER, Conversation, FileData, InlineData, MalformedError, parse_conversation
from attune_local.vertex.hearing.booths import DeafError
from attune_local.vertex.hearing.ears import Ears
from attune_local.vertex.hearing.shelf import Shelf
from attune_local.vertex.hearing.sound import WINDOW_SECONDS
from attune_local.vertex.limits import ModelLimits
from attune_local.vertex.media import Sound, UnusableError, hear
from attune_local.vertex.objects import Objects

HEARD_SECONDS = 1_800.0
"""Of a dataset's recordings; the rows after that teach their words only. It takes one core some 80 seconds."""

_LOG = logging.getLogger(__name__)
_LIMITS = ModelLimits()

Prompts = Shelf[tuple[str, str], str]
"""The prompt of a training row, by its recording's digest and its transcript."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row is about; `sound` None: it has no recording that can be used, which the judge will say."""

    prompt: str
    transcript: str = field(repr=False)
    sound: Sound | None


class Overheard:
    """Objects as they are; but whoever reads the lines of a dataset gets to its end only when it was listened to.

    Recordings over 30 seconds are passed over: where a word is in them takes long to find.
    """

    def __init__(self, objects: Objects, ears: Ears, prompts: Prompts, at_once: int) -> None:
        """`at_once`: recordings to listen to at a time."""
        self._objects = objects
        self._ears = ears
        self._prompts = prompts
        self._at_once = at_once

    def size(self, uri: str) -> int | None:
        """Bytes, or None."""
        return self._objects.size(uri)

    def read(self, uri: str) -> bytes | None:
        """The content, or None."""
        return self._objects.read(uri)

    def lines(self, uri: str) -> Iterator[bytes]:
        """Its lines."""
        with ThreadPoolExecutor(self._at_once) as threads:
            lesson = _Lesson(self._ears, threads, self._at_once)
            for line in self._objects.lines(uri):
                self._take(line, lesson)
                yield line
            lesson.end()

    def _take(self, line: bytes, lesson: "_Lesson") -> None:
        row = self._row(line)
        if row and row.sound:
            self._prompts.put((row.sound.recording.digest, row.transcript), row.prompt)
            lesson.hear(row.sound)

    def _row(self, line: bytes) -> _Row | None:
        try:
            talk = parse_conversation(json.loads(line))
            return _Row(_prompt(talk), talk.turns[-1].text, self._sound(talk))
        except (ValueError, MalformedError, UnusableError):
            return None  # the judge reads the same line, and says what is the matter with it

    def _sound(self, talk: Conversation) -> Sound | None:
        audio = [part for turn in talk.turns for part in turn.parts if isinstance(part, FileData | InlineData)]
        return hear(audio[0], self._objects, _LIMITS) if len(audio) == 1 else None


class _Lesson:
    """One reading of a dataset."""

    def __init__(self, ears: Ears, threads: ThreadPoolExecutor, at_once: int) -> None:
        self._ears = ears
        self._threads = threads
        self._at_once = at_once
        self._left = HEARD_SECONDS
        self._pending: deque[Future[str]] = deque()
        self._faults: list[str] = []

    def hear(self, sound: Sound) -> None:
        """Has it listened to, in a moment; waits when too many wait already."""
        if sound.recording.seconds > min(self._left, WINDOW_SECONDS):
            return
        self._left -= sound.recording.seconds
        self._pending.append(self._threads.submit(self._fault, sound))
        if len(self._pending) > self._at_once:
            self._wait_for_one()

    def end(self) -> None:
        """Waits until everything was listened to, and says of how much that failed."""
        while self._pending:
            self._wait_for_one()
        if self._faults:
            _LOG.warning("%d recordings teach their words only: %s", len(self._faults), self._faults[0])

    def _wait_for_one(self) -> None:
        fault = self._pending.popleft().result()
        self._faults += [fault] if fault else []

    def _fault(self, sound: Sound) -> str:
        """Why it could not be recognised; empty when it could."""
        try:
            self._ears.phones(sound)
        except DeafError as error:
            return str(error)
        return ""


def _prompt(talk: Conversation) -> str:
    return "".join(turn.text for turn in talk.turns if turn.role == USER).strip()
