"""The rules for a recording: its size, its length, its form, and how it sounds."""

from __future__ import annotations

from collections.abc import Iterator

from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import found

_SHORTEST_WITH_NOISE = 0.5  # seconds of sound: of fewer than 25 stretches, a tenth is one or two
_MINUTE = 60


def over_size(size_bytes: int, limits: Limits) -> Finding | None:
    """Judged before anything is read: whether a recording has more bytes than are taken."""
    if size_bytes <= limits.max_audio_bytes:
        return None
    size, most = size_bytes / 1e6, limits.max_audio_bytes / 1e6
    return found("audio_too_large", f"The recording has {size:.1f} MB; at most {most:g} MB are taken.")


def too_long(longest: float) -> Finding:
    """The word on a recording that goes on beyond `longest` seconds, where nobody listened on."""
    return found("audio_too_long", f"The recording is longer than {_duration(longest)}, the longest that is taken.")


def judge_recording(heard: Heard, limits: Limits) -> tuple[Finding, ...]:
    """All that the rules say of a recording that was heard to its end, under the severities of the table.

    One cause has one finding: what is silent is not judged for its sound, nor what is quiet for its silence, which
    soft words pass for, and what is too long is not also long.
    """
    return (*_length(heard, limits), *_form(heard, limits), *_sound(heard, limits))


def _length(heard: Heard, limits: Limits) -> Iterator[Finding]:
    seconds = heard.seconds
    if seconds > limits.max_audio_seconds:
        yield too_long(limits.max_audio_seconds)
    elif seconds > limits.advised_audio_seconds:
        advised = limits.advised_audio_seconds
        yield found("audio_long", f"The recording lasts {seconds:.2f} s; up to {advised:g} s teach best.")
    elif seconds < limits.min_audio_seconds:
        least = limits.min_audio_seconds
        yield found("audio_too_short", f"The recording lasts {seconds:.3f} s; at least {least:g} s are taken.")


def _form(heard: Heard, limits: Limits) -> Iterator[Finding]:
    if heard.sample_rate < limits.advised_sample_rate:
        advised = f"{limits.advised_sample_rate:,} keep all of a voice"
        yield found("audio_narrowband", f"The recording has {heard.sample_rate:,} samples a second; {advised}.")
    if heard.channels > limits.advised_channels:
        advised = f"the model hears {limits.advised_channels}"
        yield found("audio_multichannel", f"The recording has {heard.channels} channels; {advised}.")
    if heard.bit_depth is not None and heard.bit_depth < limits.advised_bit_depth:
        advised = f"below {limits.advised_bit_depth} they add noise"
        yield found("audio_bit_depth", f"The recording's samples have {heard.bit_depth} bits; {advised}.")


def _sound(heard: Heard, limits: Limits) -> Iterator[Finding]:
    if heard.silent_share > limits.max_silent_share:
        yield found("audio_silent", f"{_silent(heard, limits)}: there is nothing to hear in it.")
        return
    if heard.level_dbfs < limits.advised_lowest_level:
        usual = f"usual are {limits.advised_lowest_level:g} or more"
        yield found("audio_quiet", f"The recording's level is {heard.level_dbfs:.1f} dBFS; {usual}.")
    else:
        yield from _silence(heard, limits)
    yield from _distortion(heard, limits)
    yield from _loudness(heard, limits)


def _silence(heard: Heard, limits: Limits) -> Iterator[Finding]:
    told = 0.0  # seconds that are told of as a beginning or an end, and not again as a part of the whole
    if heard.leading_silence > limits.advised_leading_silence:
        told += heard.leading_silence
        yield found("audio_leading_silence", _silence_at("begins", heard.leading_silence, limits))
    if heard.trailing_silence > limits.advised_trailing_silence:
        told += heard.trailing_silence
        yield found("audio_trailing_silence", _silence_at("ends", heard.trailing_silence, limits))
    silent, rest = heard.seconds * heard.silent_share - told, heard.seconds - told
    if silent > rest * limits.advised_silent_share:
        most = f"{limits.advised_silent_share:.0%}"
        yield found("audio_mostly_silent", f"{_silent(heard, limits)}; up to {most} is usual.")


def _distortion(heard: Heard, limits: Limits) -> Iterator[Finding]:
    if heard.clipped_share > limits.advised_clipped_share:
        share, most = f"{heard.clipped_share:.2%}", f"{limits.advised_clipped_share:.2%}"
        yield found("audio_clipped", f"{share} of the recording's samples are cut off at full scale; {most} may be.")
    if heard.dc_offset > limits.advised_dc_offset:
        offset, most = f"{heard.dc_offset:.1%}", f"{limits.advised_dc_offset:.1%}"
        yield found("audio_dc_offset", f"The recording is {offset} of full scale off its zero line; {most} may be.")


def _loudness(heard: Heard, limits: Limits) -> Iterator[Finding]:
    if heard.level_dbfs > limits.advised_highest_level:
        usual = f"usual are {limits.advised_highest_level:g} or less"
        yield found("audio_loud", f"The recording's level is {heard.level_dbfs:.1f} dBFS; {usual}.")
    sounding = heard.seconds * (1 - heard.silent_share)
    if heard.snr_db < limits.advised_snr_db and sounding >= _SHORTEST_WITH_NOISE:
        above = f"{heard.snr_db:.1f} dB above its quietest"
        yield found(
            "audio_noisy", f"The recording's loudest parts are {above}; {limits.advised_snr_db:g} dB are usual."
        )


def _silent(heard: Heard, limits: Limits) -> str:
    return f"{heard.silent_share:.1%} of the recording is silence, below {limits.silence_dbfs:g} dBFS"


def _silence_at(verb: str, seconds: float, limits: Limits) -> str:
    return f"The recording {verb} with {seconds:.2f} s of silence, below {limits.silence_dbfs:g} dBFS."


def _duration(seconds: float) -> str:
    return f"{seconds / _MINUTE:g} minutes" if seconds % _MINUTE == 0 else f"{seconds:g} s"
