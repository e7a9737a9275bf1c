"""What the quality rules cost: a folder's recordings beside a bare decode of them, and each rule by itself.

By the processor's time, which does not count what else the machine does.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from attune.adapters.ear import LibraryEar
from attune.adapters.sound import wav
from attune.adapters.sound.containers import container_of
from attune.adapters.sound.levels import Levels, silence_of, snr_of
from attune.adapters.sound.meter import Clipping, Form
from attune.domain.finding import Finding
from attune.domain.quality.customs import style_of
from attune.domain.quality.leftovers import markup, speaker_tags, timestamps
from attune.domain.quality.limits import Limits
from attune.domain.quality.recording import judge_recording
from attune.domain.quality.scripts import control_characters, mixed_scripts
from attune.domain.quality.words import judge_words, words_digest
from attune.domain.transcript import read_transcript
from bench import checking
from bench.line import Line
from bench.turns import in_turn, ratio

MOST = 1.5
MOST_OF_COMMAND = 2.0  # it judges transcripts, compares pairs and plans a run, too, and moves it all between processes
FILES = 200
_ROUNDS = 9
_LIMITS = Limits()
_MICRO = 1e6


def audio() -> Line:
    """Every rule on a recording, read from its file, against libsndfile's decode of the same file into floats."""
    checking.corpus(checking.FOLDER, checking.PAIRS)
    files = [str(path) for path in sorted(checking.FOLDER.glob("*.wav"))[:FILES]]
    works = {"bare": partial(_each, soundfile.read, files), "checks": partial(_each, _heard, files)}
    took = in_turn(works, _ROUNDS, 0.0, time.process_time)
    times, seconds = ratio(took["checks"], took["bare"]), median(took["checks"])
    figure = f"{times:.2f} x a bare decode's time, {len(files) / seconds:,.0f} files/s of a core"
    numbers = {"times": times, "files": len(files) / seconds}
    return Line("every audio rule, WAV of 3 to 8 s", f"<= {MOST} x a bare decode", figure, times <= MOST, numbers)


def command() -> Line:
    """`attune check`: the rules on recordings and transcripts, and all that a pair is compared with."""
    speed = checking.measure()
    times = 1 / speed.share
    figure = f"{times:.2f} x a bare decode's time; {checking.told(speed)}"
    numbers = {"times": times, "pairs": speed.check.processor}
    goal = f"<= {MOST_OF_COMMAND:g} x a bare decode"
    return Line("attune check, per core", goal, figure, times <= MOST_OF_COMMAND, numbers)


@dataclass(frozen=True, slots=True)
class Material:
    """A pair, and what is measured of it on the way."""

    recording: bytes
    transcript: bytes

    def parts(self) -> Mapping[str, Callable[[], object]]:
        """What is worked out for the rules, each part by itself."""
        found = wav.plain(self.recording)
        if found is None:
            raise ValueError("the recording is no plain WAV")
        samples = np.frombuffer(self.recording, "<i2", found.frames, found.at)
        form = Form(found.rate, found.channels, samples.dtype)
        stretches = samples[: len(samples) - len(samples) % form.stretch_frames].reshape(-1, form.stretch_frames)
        levels = Levels()
        levels.add(stretches, form.unit)
        heard, text = LibraryEar().listen(self.recording, ".wav", _LIMITS), self.transcript.decode().strip()
        if isinstance(heard, Finding):
            raise TypeError(f"the recording is refused: {heard.code}")
        return {
            "container, header, length": partial(_form, self.recording),
            "level, silence, offset": partial(_levels, stretches, form.unit),
            "peak, clipping": partial(_clipping, samples.reshape(-1, 1), form),
            "silence at the ends": partial(silence_of, levels.stretches(), _LIMITS.silence_dbfs),
            "noise": partial(snr_of, levels.stretches()),
            "every limit of a recording": partial(judge_recording, heard, _LIMITS),
            "the same recording": lambda: hashlib.sha256(self.recording).hexdigest(),
            "encoding, blanks, letters": partial(read_transcript, self.transcript, _LIMITS),
            "control characters": partial(control_characters, text),
            "markup": partial(markup, text),
            "timestamps": partial(timestamps, text),
            "speaker tags": partial(speaker_tags, text),
            "mixed scripts": partial(mixed_scripts, text),
            "every rule on words, with pace and repeats": partial(judge_words, text, heard.seconds, _LIMITS),
            "casing, punctuation": partial(style_of, text),
            "the same words": partial(words_digest, text),
        }


def rules() -> Line:
    """What each part takes of one pair."""
    checking.corpus(checking.FOLDER, checking.PAIRS)
    recording = min(checking.FOLDER.glob("*.wav"))
    material = Material(recording.read_bytes(), recording.with_suffix(".txt").read_bytes())
    took = in_turn(material.parts(), 5, 0.01)
    micros = {name: median(seconds) * _MICRO for name, seconds in took.items()}
    figure = ", ".join(f"{name} {micro:.0f}" for name, micro in micros.items())
    seconds = soundfile.info(str(recording)).duration
    return Line(f"what the rules add to a pair of {seconds:.1f} s, µs", "-", figure, None, micros)


def lines() -> Iterator[Line]:
    """The audio rules, the command, and each part."""
    yield audio()
    yield command()
    yield rules()


def _each(work: Callable[[str], object], files: list[str]) -> None:
    for file in files:
        work(file)


def _heard(file: str) -> tuple[Finding, ...]:
    heard = LibraryEar().listen(Path(file).read_bytes(), ".wav", _LIMITS)
    return (heard,) if isinstance(heard, Finding) else judge_recording(heard, _LIMITS)


def _form(recording: bytes) -> None:
    container_of(recording)
    wav.holds_mpeg(recording)
    wav.plain(recording)
    wav.length_fault(recording)


def _levels(stretches: np.ndarray[tuple[int, int], np.dtype[np.int16]], unit: float) -> None:
    Levels().add(stretches, unit)


def _clipping(samples: np.ndarray[tuple[int, int], np.dtype[np.int16]], form: Form) -> None:
    clipping = Clipping()
    clipping.turn(form.channels)
    clipping.add(samples, form)


if __name__ == "__main__":
    for each in lines():
        print(f"{each.what}: {each.figure} [{each.goal}: {each.met}]")  # noqa: T201 - what this module is run for
