"""Judges a dataset the way the service does, by the published limits.

A fault of form (not JSON, no turns, a modality that is not taken) fails the whole job and names the row, as seen in
googleapis/python-aiplatform#6127. A fault of media, or too many tokens, drops the row:
SupervisedTuningDataStats.total_truncated_example_count counts rows "dropped for reasons including: too many tokens,
contains an invalid image". What the service does with an unreadable audio file is not published; here it drops the row.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from attune_local.vertex.content import (
    MODEL,
    USER,
    Conversation,
    FileData,
    InlineData,
    MalformedError,
    parse_conversation,
)
from attune_local.vertex.limits import ModelLimits
from attune_local.vertex.media import Recording, UnusableError, hear, text_tokens
from attune_local.vertex.objects import Objects

_ECHOED_CHARACTERS = 500


class DatasetRefusedError(Exception):
    """The job fails over its dataset; the message is what the service would say."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that is trained on."""

    index: int
    """1-based."""
    recording: Recording
    transcript: str
    input_tokens: int
    output_tokens: int
    characters: int
    messages: int

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that is left out."""

    index: int
    """1-based."""
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of each row of a dataset that was not refused."""

    kept: tuple[KeptRow, ...]
    dropped: tuple[DroppedRow, ...] = ()

    @property
    def rows(self) -> int:
        """All rows of the file."""
        return len(self.kept) + len(self.dropped)

    @property
    def billable_tokens(self) -> int:
        """Tokens of the rows that are trained on, for one epoch."""
        return sum(row.tokens for row in self.kept)

    @property
    def truncated_indices(self) -> tuple[int, ...]:
        """The dropped rows, under the name the service's statistics give them."""
        return tuple(row.index for row in self.dropped)


@dataclass(frozen=True, slots=True)
class Judge:
    """Reads datasets and decides on each row.

    Whether the service takes audio inline in a tuning row is not known: `accept_inline` says.
    """

    objects: Objects
    limits: ModelLimits
    accept_inline: bool = True

    def datasets(self, training_uri: str, validation_uri: str = "") -> Judgement:
        """Judges both files (a validation file may be absent) and returns what became of the training rows.

        Raises:
            DatasetRefusedError: a file is missing, empty, too large or malformed, or validation is over its limits.
        """
        training = self.dataset(training_uri)
        if validation_uri:
            self._check_validation(validation_uri, training.rows)
        return training

    def dataset(self, uri: str) -> Judgement:
        """Judges one file.

        Raises:
            DatasetRefusedError: it is missing, empty, too large, too long or malformed, or no row can be used.
        """
        self._check_object(uri)
        return self.rows(self.objects.lines(uri))

    def rows(self, lines: Iterable[bytes]) -> Judgement:
        """Judges the lines of one file.

        Raises:
            DatasetRefusedError: there are too many, one is malformed, or none can be used.
        """
        kept: list[KeptRow] = []
        dropped: list[DroppedRow] = []
        rest = iter(lines)
        for index, line in enumerate(rest, start=1):
            self._check_count(index)
            try:
                kept.append(self._row(index, line))
            except UnusableError as error:
                dropped.append(DroppedRow(index, f"Dataset example {index} {error}."))
            except MalformedError as error:
                total = index + sum(1 for _ in rest)
                raise DatasetRefusedError(f"Dataset example {index} of {total} {error}. JSON: {_echo(line)}") from error
        return _judgement(kept, dropped)

    def _check_object(self, uri: str) -> None:
        size = self.objects.size(uri) if uri.endswith(".jsonl") else None
        if size is None:
            raise DatasetRefusedError(f"The dataset {uri} is not a JSONL object that can be read.")
        if size == 0:
            raise DatasetRefusedError(f"The dataset {uri} is empty.")
        if size > self.limits.dataset_bytes:
            raise DatasetRefusedError(
                f"The dataset {uri} has {size} bytes, over the limit of {self.limits.dataset_bytes}."
            )

    def _check_count(self, rows: int) -> None:
        if rows > self.limits.examples:
            raise DatasetRefusedError(f"The dataset has more than {self.limits.examples} examples.")

    def _check_validation(self, uri: str, training_rows: int) -> None:
        rows = self.dataset(uri).rows
        if not self.limits.allows_validation(rows, training_rows):
            raise DatasetRefusedError(
                f"The validation dataset has {rows} examples for {training_rows} training examples. Above "
                f"{self.limits.validation_always} it may have at most {self.limits.validation_most}, and at most "
                f"{self.limits.validation_fraction:.0%} of the training dataset.",
            )

    def _row(self, index: int, line: bytes) -> KeptRow:
        talk = parse_conversation(_parse(line))
        _check_roles(talk)
        recording = self._recording(talk)
        row = _measure(index, talk, recording)
        if row.tokens > self.limits.tokens_per_example:
            raise UnusableError(
                f"has too many tokens: {row.tokens}, over the limit of {self.limits.tokens_per_example}"
            )
        return row

    def _recording(self, talk: Conversation) -> Recording:
        audio = [part for turn in talk.turns for part in turn.parts if isinstance(part, FileData | InlineData)]
        if not self.accept_inline and any(isinstance(part, InlineData) for part in audio):
            raise MalformedError('contains an unsupported modality [inlineData] in the "parts" field')
        if len(audio) != 1:
            raise UnusableError(f"has {len(audio)} audio files where one is taken")
        return hear(audio[0], self.objects, self.limits).recording


def _parse(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise MalformedError("is not valid JSON") from error


def _check_roles(talk: Conversation) -> None:
    """Turns go user, model, user, model …; only the model's say nothing but text."""
    roles = [turn.role for turn in talk.turns]
    if roles != [USER, MODEL] * (len(roles) // 2):
        raise MalformedError("does not alternate between the roles user and model, ending with model")
    if not all(turn.text.strip() for turn in talk.turns if turn.role == MODEL):
        raise MalformedError("has a model turn without text")
    if any(isinstance(part, FileData | InlineData) for turn in talk.turns if turn.role == MODEL for part in turn.parts):
        raise MalformedError("has a model turn with something other than text")


def _measure(index: int, talk: Conversation, recording: Recording) -> KeptRow:
    asked = talk.system + "".join(turn.text for turn in talk.turns if turn.role == USER)
    answered = "".join(turn.text for turn in talk.turns if turn.role == MODEL)
    return KeptRow(
        index=index,
        recording=recording,
        transcript=talk.turns[-1].text,
        input_tokens=recording.tokens + text_tokens(asked),
        output_tokens=text_tokens(answered),
        characters=len(asked) + len(answered),
        messages=len(talk.turns),
    )


def _judgement(kept: list[KeptRow], dropped: list[DroppedRow]) -> Judgement:
    if not kept:
        reason = dropped[0].reason if dropped else "It has no rows."
        raise DatasetRefusedError(f"The dataset has no example that can be used. {reason}")
    return Judgement(tuple(kept), tuple(dropped))


def _echo(line: bytes) -> str:
    text = line.decode("utf-8", errors="replace").strip()
    return text if len(text) <= _ECHOED_CHARACTERS else text[:_ECHOED_CHARACTERS] + "…"
