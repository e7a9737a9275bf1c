"""WAV and FLAC decoded by libsndfile, in blocks, into one small buffer; plain 16-bit WAV is heard where it lies."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from attune.adapters.sound import faults, wav
from attune.adapters.sound.containers import Container
from attune.adapters.sound.hearing import Hearing
from attune.adapters.sound.meter import Form
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard

_WIDE = {"PCM_24", "PCM_32", "FLOAT", "DOUBLE"}  # decoded to floats; all others have at most 16 bits
_BIT_DEPTHS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "ULAW": 8,
    "ALAW": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}
_LARGEST = {"PCM_S8": 127 << 8, "PCM_U8": 127 << 8, "ULAW": 32_124, "ALAW": 32_256}  # of what they decode to
_FULL_SCALE = 32_767
_PLAIN_CHUNKS = 64  # looked at between two looks at the limits
_CHUNKS = 4  # decoded at once; after each time libsndfile decodes its last FLAC block anew


def hear_wav(data: bytes, hearing: Hearing) -> Heard | Finding:
    """Hears a WAV to its end."""
    if wav.holds_mpeg(data):
        return faults.wrong_type(".wav", Container.MP3)
    if plain := wav.plain(data):
        return _hear_plain(data, plain, hearing)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            if fault := hearing.refuses(sound.samplerate, sound.channels):
                return fault
            if evidence := wav.length_fault(data):
                return faults.truncated(evidence)
            return _hear(sound, hearing) or faults.empty(Container.WAV)
    except soundfile.LibsndfileError:
        return faults.unreadable(Container.WAV, "its header makes no sense")


def _hear_plain(data: bytes, plain: wav.Plain, hearing: Hearing) -> Heard | Finding:
    """Hears samples where they lie."""
    if fault := hearing.refuses(plain.rate, plain.channels):
        return fault
    if evidence := wav.length_fault(data):
        return faults.truncated(evidence)
    samples = np.frombuffer(data, "<i2", plain.frames * plain.channels, plain.at).reshape(-1, plain.channels)
    form = Form(plain.rate, plain.channels, samples.dtype)
    for start in range(0, plain.frames, form.chunk_frames * _PLAIN_CHUNKS):
        if fault := hearing.take(samples[start : start + form.chunk_frames * _PLAIN_CHUNKS], form):
            return fault
    return hearing.heard(_BIT_DEPTHS["PCM_16"]) or faults.empty(Container.WAV)


def hear_flac(data: bytes, hearing: Hearing) -> Heard | Finding | None:
    """Hears a FLAC to its end; None for what libsndfile gives up on."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            fault = hearing.refuses(sound.samplerate, sound.channels)
            return fault or _hear(sound, hearing) or faults.empty(Container.FLAC)
    except soundfile.LibsndfileError:
        return None


def _hear(sound: soundfile.SoundFile, hearing: Hearing) -> Heard | Finding | None:
    form = _form(sound)
    block = np.empty((form.chunk_frames * _CHUNKS, form.channels), form.dtype)
    frames = 0
    # Not until nothing is read: at its end, libsndfile searches a FLAC for what is behind it.
    while frames < sound.frames and (read := sound.buffer_read_into(block, form.dtype.name)):
        frames += read
        if fault := hearing.take(block[:read], form):
            return fault
    if frames < sound.frames:
        return faults.less_decoded(sound.frames / form.rate, frames / form.rate)
    return hearing.heard(_BIT_DEPTHS.get(sound.subtype))


def _form(sound: soundfile.SoundFile) -> Form:
    dtype = np.dtype(np.float32 if sound.subtype in _WIDE else np.int16)
    return Form(sound.samplerate, sound.channels, dtype, _LARGEST.get(sound.subtype, _FULL_SCALE) / 32_768)
