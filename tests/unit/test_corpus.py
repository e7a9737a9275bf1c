"""The corpus is real speech, in several formats, and the same for the same seed."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile

from attune_local.corpus import VOICES, make_corpus, sentences, speak


def test_a_sentence_is_spoken_with_sound_in_it() -> None:
    samples, rate = speak("Morning Heron, berth seven is clear.")
    assert samples.dtype == np.int16
    assert 1.0 < len(samples) / rate < 6.0
    assert np.abs(samples.astype(int)).max() > 3_000


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_speaks(voice: str) -> None:
    samples, rate = speak("Tug four, over.", voice)
    assert len(samples) > rate / 2


def test_a_faster_voice_takes_less_time() -> None:
    slow, _ = speak("All ships, the dry dock is closed.", words_per_minute=120)
    fast, _ = speak("All ships, the dry dock is closed.", words_per_minute=220)
    assert len(fast) < len(slow)


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="no voice"):
        speak("Anyone there?", "zz-none")


def test_sentences_never_repeat_and_follow_the_seed() -> None:
    said = list(islice(sentences(3), 500))
    assert len(set(said)) == 500
    assert said == list(islice(sentences(3), 500))
    assert said != list(islice(sentences(4), 500))


def test_a_pair_is_a_recording_at_16_khz_mono_and_its_transcript(tmp_path: Path) -> None:
    pairs = make_corpus(tmp_path, 6, seed=1)
    assert {pair.audio.suffix for pair in pairs} == {".wav", ".flac", ".mp3"}
    for pair in pairs:
        about = soundfile.info(pair.audio)
        assert (about.samplerate, about.channels) == (16_000, 1)
        assert about.duration == pytest.approx(pair.seconds)
        assert 1.5 < pair.seconds < 8.0
        assert pair.transcript == pair.audio.with_suffix(".txt")
        assert pair.transcript.read_text(encoding="utf-8") == pair.text + "\n"


def test_the_same_seed_gives_the_same_bytes_whatever_was_said_before(tmp_path: Path) -> None:
    make_corpus(tmp_path / "first", 3, seed=9)
    speak("Something else in between.")
    make_corpus(tmp_path / "second", 3, seed=9)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second


def test_a_pair_does_not_show_its_text(tmp_path: Path) -> None:
    (pair,) = make_corpus(tmp_path, 1, seed=2)
    assert pair.text not in repr(pair)
