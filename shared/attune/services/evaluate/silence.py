"""Two seconds of silence, asked as the run's rows ask: whether a model answers at all, and what it makes of nothing."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Callable

import orjson
import pybase64

from attune.domain.evaluation.example import Example
from attune.domain.names import dataset_key
from attune.domain.recipe import Recipe
from attune.domain.row import RowFormat
from attune.domain.run import Run
from attune.ports import Objects
from attune.ports_tuning import Answering
from attune.services.encode import JSONL

_SECONDS = 2
_RATE = 16_000


def silence(run: Run, recipe: Recipe, objects: Objects) -> Example:
    """The question as an example, in which nothing is said; its row is stored like any other."""
    row = silent_row(recipe)
    digest = hashlib.sha256(row).hexdigest()
    stored = objects.put(f"rows/{dataset_key(run.dataset)}/silence-{digest}.jsonl", row, JSONL)
    return Example("silence", f"{_SECONDS} seconds of silence", stored.name, float(_SECONDS))


def silent_row(recipe: Recipe) -> bytes:
    """A row of the recipe's prompt, whose recording is silent, and lies within it whatever the row format."""
    sound = {"inlineData": {"mimeType": "audio/wav", "data": pybase64.b64encode(_wav()).decode()}}
    prompt = {"text": recipe.prompt}
    parts = [prompt, sound] if recipe.row_format is RowFormat.INLINE_DATA else [sound, prompt]
    turns = [{"role": "user", "parts": parts}, {"role": "model", "parts": [{"text": ""}]}]
    row: dict[str, object] = {"contents": turns}
    if recipe.system_instruction is not None:
        row["systemInstruction"] = {"parts": [{"text": recipe.system_instruction}]}
    return orjson.dumps(row)


def smoke_call(answering: Callable[[], Answering]) -> Callable[[Run], str | None]:
    """Asks a run's endpoint once: what is wrong with it, None when it answers."""

    def call(run: Run) -> str | None:
        if run.recipe is None or run.endpoint is None:
            raise ValueError(f"run {run.id} of {run.dataset} has no endpoint to call")
        return answering().ask(run.endpoint, silent_row(run.recipe)).failure

    return call


def _wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(2 * _RATE * _SECONDS))
    return written.getvalue()
