"""Speak a text with the eSpeak NG library that a wheel carries."""

import ctypes
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

# Names that the library knows; +f and +m choose a variant of the speaker.
VOICES = ("en-us", "en-us+f3", "en-us+m7", "en-gb-x-rp", "en-gb-x-rp+f2", "en-gb-scotland", "en-029", "en-us-nyc")

# From espeak-ng/speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_RATE, _PITCH = 1, 3
_CHARS_UTF8 = 1
_OK = 0
# Any will do, as long as it is not the clock, which the library takes otherwise.
_SEED = 1

# int callback(short *samples, int count, espeak_EVENT *events); no samples means the end, and 0 means go on.
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
# The library keeps its state in globals: one text at a time.
_one_at_a_time = Lock()


class SpeechMissing(Exception):  # noqa: N818 - the name says what is the matter
    """Speech cannot be synthesised here; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class _Engine:
    library: Any
    rate: int


def speak(
    text: str, voice: str = "en-us", *, words_per_minute: int = 175, pitch: int = 50
) -> tuple[NDArray[np.int16], int]:
    """Return the text as mono int16 samples and their rate in Hz; pitch goes from 0 to 99.

    A process that says the same things in the same order says them in the same samples; what was said before colours
    what is said next. Raises SpeechMissing when the library cannot be loaded, ValueError for a voice it does not know.
    """
    engine = _engine()
    with _one_at_a_time:
        _set_up(engine.library, voice, words_per_minute, pitch)
        return np.frombuffer(_synthesise(engine.library, text), dtype=np.int16), engine.rate


@cache
def _engine() -> _Engine:
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
    except (OSError, RuntimeError) as error:
        raise SpeechMissing(f"The speech library cannot be loaded on this machine: {error}") from error
    rate = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data.encode(), _DO_NOT_EXIT)
    if rate <= 0:
        raise SpeechMissing(f"The speech library does not start: it answered {rate}.")
    library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
    return _Engine(library, rate)


def _set_up(library: Any, voice: str, words_per_minute: int, pitch: int) -> None:
    if library.espeak_SetVoiceByName(voice.encode()) != _OK:
        raise ValueError(f"There is no voice {voice}.")
    library.espeak_SetParameter(_RATE, words_per_minute, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)


def _synthesise(library: Any, text: str) -> bytes:
    pieces: list[bytes] = []

    def keep(samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = _Callback(keep)  # bound to a name: the library only holds its address
    library.espeak_SetSynthCallback(callback)
    encoded = text.encode()
    status = library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded) + 1), 0, 0, 0, _CHARS_UTF8, None, None)
    if status != _OK:
        raise SpeechMissing(f"The speech library could not speak: it answered {status}.")
    library.espeak_Synchronize()
    return b"".join(pieces)
