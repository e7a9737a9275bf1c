"""A folder's pairs as questions: what any models can be compared on, wherever their answers come from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import pybase64

from attune.config import Settings
from attune.domain.evaluation.example import Example
from attune.domain.names import AUDIO_ENDINGS, inline_mime_type
from attune.domain.pair import Half
from attune.domain.quality.customs import Customs
from attune.domain.row import RowFormat, Template, base64_size
from attune.domain.split import group_of
from attune.errors import GoneError
from attune.ports import Ear
from attune.services.check.folder import Couple, dataset_fault, listing, name_in, walk
from attune.services.encode import written
from attune.services.evaluate.hold_out import MOST_INLINE_BYTES
from attune.services.examine import Brought, examine, too_large

REFUSED = "refused by the rules that attune check tells of"
TOO_LARGE = f"too large to be sent with a question ({MOST_INLINE_BYTES:,} bytes of base64)"
UNREAD = "their files cannot be read"
_ANY_NAME = "pairs"  # stands for a folder whose name can be no dataset's
_SALT = "attune-evaluation"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The examples, by path, how many pairs the folder has, and how many of those looked at were left out, by reason.

    An example's `row` is a digest of all that is asked.
    """

    examples: tuple[Example, ...]
    pairs: int
    left_out: Mapping[str, int]
    couples: Mapping[str, Couple]


@dataclass(frozen=True, slots=True)
class PairFolder:
    """The pairs under a folder, at any depth, and the settings by which they are judged and asked about."""

    folder: Path
    settings: Settings
    ear: Ear

    def choose(self, most: int) -> Chosen:
        """At most so many of the good pairs: those whose hash is least, so that a growing folder keeps most of them."""
        couples = listing(self._name, walk(self.folder)).couples
        examples: list[Example] = []
        left_out: Counter[str] = Counter()
        for couple in sorted(couples, key=_order):
            if len(examples) == most:
                break
            looked = self._look(couple)
            if isinstance(looked, Example):
                examples.append(looked)
            else:
                left_out[looked] += 1
        by_path = tuple(sorted(examples, key=lambda example: example.path))
        return Chosen(by_path, len(couples), dict(left_out), {couple.id: couple for couple in couples})

    def question(self, example: Example, chosen: Chosen) -> bytes:
        """What is asked: a row that carries its recording, without the answer.

        Raises:
            GoneError: the recording is no longer what it was when it was chosen.
        """
        couple = chosen.couples[example.pair]
        try:
            asked = self._asked(couple, self._read(couple.audio))
        except OSError as error:
            raise GoneError(f"{couple.path}: its recording cannot be read any more: {error.strerror}") from error
        if _digest(asked) != example.row:
            raise GoneError(f"{couple.path}: its recording has changed meanwhile; ask again")
        return asked

    @property
    def _name(self) -> str:
        name = self.folder.resolve().name
        return _ANY_NAME if dataset_fault(name) else name

    def _look(self, couple: Couple) -> Example | str:
        """The pair as an example, or why it is none."""
        if too_large(couple.audio, couple.transcript, self.settings):
            return REFUSED
        if base64_size(couple.audio.size) > MOST_INLINE_BYTES:
            return TOO_LARGE
        try:
            brought = Brought(self._read(couple.audio), couple.ending, self._read(couple.transcript))
        except OSError:
            return UNREAD
        seen = examine(couple.path, brought, self.settings, Customs(), self.ear)
        if seen.utterance is None or seen.reasons:
            return REFUSED
        task = self.settings.phrasing.task_of(couple.path)
        return Example(
            pair=couple.id,
            path=couple.path,
            row=_digest(self._asked(couple, brought.audio)),
            seconds=seen.utterance.seconds,
            reference=written(seen.utterance.said, self.settings.phrasing.template_of(task)),
            kind=task.kind,
            task=task.name,
            group=group_of(couple.path, self.settings.group_by),
            schema=task.json_schema,
        )

    def _asked(self, couple: Couple, audio: bytes) -> bytes:
        return asked(audio, AUDIO_ENDINGS[couple.ending], self.settings.phrasing.template_at(couple.path))

    def _read(self, half: Half) -> bytes:
        return (self.folder / name_in(self._name, half)).read_bytes()


def asked(audio: bytes, mime_type: str, template: Template) -> bytes:
    """A row with an empty answer, which carries its recording; its format decides only the order of its parts."""
    inline = template.row_format is RowFormat.INLINE_DATA
    kind = inline_mime_type(mime_type) if inline else mime_type
    sound = {"inlineData": {"mimeType": kind, "data": pybase64.b64encode(audio).decode()}}
    prompt = {"text": template.prompt}
    turns = [
        {"role": "user", "parts": [prompt, sound] if inline else [sound, prompt]},
        {"role": "model", "parts": [{"text": ""}]},
    ]
    row: dict[str, object] = {"contents": turns}
    if template.system_instruction is not None:
        row["systemInstruction"] = {"parts": [{"text": template.system_instruction}]}
    return orjson.dumps(row)


def _digest(row: bytes) -> str:
    return hashlib.sha256(row).hexdigest()


def _order(couple: Couple) -> bytes:
    return hashlib.sha256(f"{_SALT}\0{couple.id}".encode()).digest()
