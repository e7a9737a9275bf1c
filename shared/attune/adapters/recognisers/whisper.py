"""faster-whisper, where a person has installed it and has a model's weights. Nothing is ever downloaded here."""

from __future__ import annotations

import time
from importlib import import_module
from importlib.metadata import version
from threading import Lock
from typing import Any

import numpy as np

from attune.adapters.recognisers.sound import samples_of
from attune.domain.evaluation.example import Answer
from attune.errors import DamagedError, VanishedError

_FULL_SCALE = 32_768
_UNINSTALLED = "faster-whisper is not installed here: pip install faster-whisper"


class FasterWhisperAnswering:
    """The port `Answering`: one recording at a time, since one already takes all processors; always the same answer.

    `name` is a model's size, whose weights are in the cache, or a folder with weights. `language` is as Whisper has
    them: en, de and so on.
    """

    def __init__(self, name: str, language: str) -> None:
        """Loads the model.

        Raises:
            VanishedError: the library or the weights are not there; says what to do.
        """
        try:
            library = import_module("faster_whisper")
        except ImportError:
            raise VanishedError(_UNINSTALLED) from None
        self.model = f"faster-whisper {version('faster-whisper')} {name} {language}"
        self._language = language
        self._lock = Lock()
        try:
            self._recogniser: Any = library.WhisperModel(name, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise VanishedError(_without_weights(name, error)) from None

    def ask(self, target: str, row: bytes) -> Answer:  # noqa: ARG002 - who is asked is one model
        """What is heard in the row's recording."""
        began = time.monotonic()
        try:
            sound = samples_of(row)
        except DamagedError as damaged:
            return Answer("", time.monotonic() - began, failure=str(damaged))
        with self._lock:
            began = time.monotonic()
            text = self._heard(sound.astype(np.float32) / _FULL_SCALE)
            return Answer(text, time.monotonic() - began, finish="STOP")

    def close(self) -> None:
        """Lets the model go."""
        self._recogniser = None

    def _heard(self, sound: Any) -> str:
        """At temperature 0 alone: the library's further attempts are left to chance."""
        segments, _ = self._recogniser.transcribe(
            sound, language=self._language, task="transcribe", temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)


def _without_weights(name: str, error: Exception) -> str:
    load = f'python -c "import faster_whisper; faster_whisper.download_model({name!r})"'
    why = type(error).__name__
    return (
        f"faster-whisper has no weights for {name} here ({why}): give a folder that holds them, or a size after {load}"
    )
