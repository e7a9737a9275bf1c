"""The recognisers that answer in a model's place: what they hear of a row, and what they say where they are not."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from attune.adapters.recognisers.sound import RATE, samples_of
from attune.adapters.recognisers.sphinx import PocketsphinxAnswering, hear
from attune.adapters.recognisers.whisper import FasterWhisperAnswering
from attune.domain.names import AUDIO_ENDINGS
from attune.domain.row import RowFormat, Template
from attune.errors import DamagedError, UnavailableError, VanishedError
from attune.services.evaluate.folder import asked
from attune_local.corpus import make_corpus
from sounds import ENDINGS, encoded, noise, sine


def row(audio: bytes, ending: str = ".wav", row_format: RowFormat = RowFormat.FILE_URI) -> bytes:
    return asked(audio, AUDIO_ENDINGS[ending], Template(row_format, "Transcribe."))


@pytest.mark.parametrize("row_format", RowFormat)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recording_is_heard_as_16_khz_mono_whatever_it_is(ending: str, row_format: RowFormat) -> None:
    heard = samples_of(row(encoded(ending, sine(1.0, rate=44_100), 44_100), ending, row_format))
    assert heard.dtype == np.int16
    assert len(heard) == pytest.approx(RATE, abs=RATE // 10)
    assert 0.1 < np.sqrt(np.mean((heard / 32_768.0) ** 2)) < 0.25


def test_what_cannot_be_decoded_is_an_answer_with_its_failure() -> None:
    assert hear(row(b"RIFF of nothing")).failure == "the recording cannot be decoded (InvalidDataError)"


def test_a_recording_that_is_only_pointed_at_is_not_fetched() -> None:
    pointing = {"contents": [{"role": "user", "parts": [{"fileData": {"fileUri": "gs://b/a.wav"}}]}]}
    with pytest.raises(DamagedError, match="carries no recording"):
        samples_of(json.dumps(pointing).encode())


def test_pocketsphinx_hears_english_and_the_same_whatever_it_heard_before(tmp_path: Path) -> None:
    (pair,) = make_corpus(tmp_path, 1, seed=3)
    spoken = row(pair.audio.read_bytes(), pair.audio.suffix)
    first = hear(spoken)
    hear(row(encoded(".wav", noise(0.5, 0.3))))
    assert hear(spoken).text == first.text
    assert len(first.text.split()) > 2
    assert first.failure is None


def test_ctrl_c_in_a_terminal_does_not_reach_its_processes() -> None:
    recogniser, asking = PocketsphinxAnswering(processes=1), row(encoded(".wav", noise(0.5, 0.3)))
    try:
        first = recogniser.ask("pocketsphinx", asking)
        (process,) = multiprocessing.active_children()
        os.kill(process.pid or 0, signal.SIGINT)
        assert recogniser.ask("pocketsphinx", asking).text == first.text
    finally:
        recogniser.close()


def test_a_process_that_died_is_said_to_have_died() -> None:
    recogniser, asking = PocketsphinxAnswering(processes=1), row(encoded(".wav", noise(0.5, 0.3)))
    try:
        recogniser.ask("pocketsphinx", asking)
        (process,) = multiprocessing.active_children()
        process.kill()
        with pytest.raises(UnavailableError, match="its process died"):
            recogniser.ask("pocketsphinx", asking)
    finally:
        recogniser.close()


def test_without_faster_whisper_it_is_said_what_to_install() -> None:
    with pytest.raises(VanishedError, match="faster-whisper is not installed here: pip install faster-whisper"):
        FasterWhisperAnswering("tiny", "en")
