"""Write pairs of a recording and its transcript."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import soundfile
from av import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from attune_local.corpus.sentences import sentences
from attune_local.corpus.speech import VOICES, SpeechMissing, speak

RATE = 16_000
FORMATS = ("wav", "flac", "mp3")
# The exit status of the speaking process where speech cannot be synthesised.
NO_SPEECH = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A recording (16 kHz, mono) and its transcript beside it, with what is said and by which voice."""

    audio: Path
    transcript: Path
    text: str = field(repr=False)
    voice: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be said, how, and the name of the file."""

    name: str
    text: str = field(repr=False)
    voice: str
    words_per_minute: int
    pitch: int


def make_corpus(folder: Path, pairs: int, seed: int) -> list[Pair]:
    """Write that many pairs into the folder, in several voices, speeds and formats; the same bytes for the same seed.

    It is spoken by a process of its own, because what the speech library said before colours what it says next.
    Raises SpeechMissing where speech cannot be synthesised.
    """
    command = [sys.executable, "-m", "attune_local.corpus", str(folder), "--pairs", str(pairs), "--seed", str(seed)]
    spoken = subprocess.run(command, capture_output=True, text=True, check=False)
    if spoken.returncode == NO_SPEECH:
        raise SpeechMissing(spoken.stderr.strip())
    spoken.check_returncode()
    return [_pair(folder, call) for call in _calls(pairs, seed)]


def write_corpus(folder: Path, pairs: int, seed: int) -> None:
    """Do the speaking and writing, in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    for call in _calls(pairs, seed):
        _write(folder, call)


def resample(samples: NDArray[np.int16], rate: int, wanted: int) -> NDArray[np.int16]:
    """Return mono samples at another rate in Hz."""
    frame = AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = rate
    return np.concatenate([each[0] for each in _resampled(frame, wanted)])


def _resampled(frame: AudioFrame, wanted: int) -> Iterator[NDArray[np.int16]]:
    resampler = AudioResampler(format="s16", layout="mono", rate=wanted)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        yield part.to_ndarray().astype(np.int16)


def _calls(pairs: int, seed: int) -> Iterator[Call]:
    chance = Random(seed)  # noqa: S311 - a reproducible choice is wanted, not a secret
    for number, text in enumerate(islice(sentences(seed), pairs), start=1):
        name = f"call-{number:04}.{FORMATS[number % len(FORMATS)]}"
        yield Call(name, text, chance.choice(VOICES), chance.randint(150, 190), chance.randint(35, 65))


def _write(folder: Path, call: Call) -> None:
    samples, rate = speak(call.text, call.voice, words_per_minute=call.words_per_minute, pitch=call.pitch)
    soundfile.write(folder / call.name, resample(samples, rate, RATE), RATE)
    (folder / call.name).with_suffix(".txt").write_text(call.text + "\n", encoding="utf-8")


def _pair(folder: Path, call: Call) -> Pair:
    audio = folder / call.name
    return Pair(audio, audio.with_suffix(".txt"), call.text, call.voice, float(soundfile.info(audio).duration))
