"""Recordings decoded to their end: WAV and FLAC by libsndfile, the others by FFmpeg's libraries, a piece at a time.

Nothing is kept of what is decoded: its samples are counted. MP3 is not left to libsndfile, whose decoder writes what
it finds odd, bytes of the recording among it, to the process's standard error, which is our log. FLAC that libsndfile
gives up on (a stream of unknown length) gets FFmpeg's verdict.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from attune.adapters import pcm
from attune.adapters.containers import Container, container_of, counts_its_frames, is_wav_cut
from attune.config import PUBLISHED_AUDIO_SECONDS
from attune.domain.pair import Reason
from attune.ports import Heard

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

_CONTAINERS = {
    ".wav": Container.WAV,
    ".flac": Container.FLAC,
    ".mp3": Container.MP3,
    ".aac": Container.AAC,
    ".m4a": Container.M4A,
}
_PCM = frozenset({Container.WAV, Container.FLAC})
_ENDINGS = {container: ending for ending, container in _CONTAINERS.items()}
# The demuxer is named, never guessed: FFmpeg knows formats that open further files and addresses.
_DEMUXERS = {
    Container.FLAC: "flac",
    Container.MP3: "mp3",
    Container.AAC: "aac",
    Container.M4A: "mov",
}
_HEADER_PROMISES_MORE = "its header promises more than the file holds"
_LESS_DECODED = "of the {:.2f} seconds its header promises, only {:.2f} can be decoded"
_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000
_MOST_CHANNELS = 8
# Encoders pad, and decoders cut the padding off again, a few frames more or less: at most 3 of 1,152 samples at 16 kHz.
_SLACK_SECONDS = {Container.FLAC: Fraction(0), Container.MP3: Fraction(1, 4), Container.M4A: Fraction(1, 4)}


@dataclass(frozen=True, slots=True)
class LibraryEar:
    """The port `Ear`. Nothing is decoded beyond `longest_seconds`, whatever the recording would unpack to."""

    longest_seconds: float = PUBLISHED_AUDIO_SECONDS

    def listen(self, data: bytes, ending: str) -> Heard | Reason:
        """Decodes all of a recording, or says why it is none of what its ending promises."""
        if not data:
            return _EMPTY
        container = _CONTAINERS[ending]
        really = container_of(data)
        if really not in {None, container}:
            return _wrong_type(ending, really)
        if container in _PCM and (decoded := pcm.decode(data, self.longest_seconds, _MOST_CHANNELS)):
            return self._judge(decoded, data, container)
        return _unreadable(container) if container is Container.WAV else self._decode(data, container)

    def _judge(self, decoded: pcm.Decoded, data: bytes, container: Container) -> Heard | Reason:
        if fault := _unfit(decoded.sample_rate, decoded.channels):
            return fault
        if container is Container.WAV and is_wav_cut(data):
            return _truncated(_HEADER_PROMISES_MORE)
        seconds = decoded.frames / decoded.sample_rate
        if seconds > self.longest_seconds:
            return _too_long(self.longest_seconds)
        if decoded.frames < decoded.promised:
            promised = decoded.promised / decoded.sample_rate
            return _truncated(_LESS_DECODED.format(promised, seconds))
        return Heard(seconds, decoded.sample_rate, decoded.channels) if decoded.frames else _EMPTY

    def _decode(self, data: bytes, container: Container) -> Heard | Reason:
        import av  # noqa: PLC0415 - a third of a second that only ingest's first recording has to spend

        try:
            with av.open(io.BytesIO(data), "r", format=_DEMUXERS[container], metadata_errors="replace") as opened:
                stream = opened.streams.best("audio")
                if not isinstance(stream, av.AudioStream) or not stream.codec_context.sample_rate:
                    return _unreadable(container)
                context = stream.codec_context
                return _unfit(context.sample_rate, context.channels) or self._count(data, container, opened, stream)
        except av.FFmpegError:
            return _unreadable(container)

    def _count(self, data: bytes, container: Container, opened: InputContainer, stream: AudioStream) -> Heard | Reason:
        tally = _Tally(stream.codec_context.sample_rate, stream.codec_context.channels)
        for frame in _frames(opened, stream, tally):
            tally.add(frame)
            if tally.seconds > self.longest_seconds:
                return _too_long(self.longest_seconds)
        return _verdict(tally, container, _promised(data, container, stream))


@dataclass(slots=True)
class _Tally:
    sample_rate: int
    channels: int
    seconds: Fraction = Fraction(0)
    whole: bool = True

    def add(self, frame: AudioFrame) -> None:
        self.sample_rate, self.channels = frame.sample_rate, frame.layout.nb_channels
        self.seconds += Fraction(frame.samples, frame.sample_rate)


def _frames(opened: InputContainer, stream: AudioStream, tally: _Tally) -> Iterator[AudioFrame]:
    """The frames that can be decoded. What cannot be is passed over, as players do, and remembered."""
    import av  # noqa: PLC0415 - as above

    packets = opened.demux(stream)
    while True:
        try:
            yield from next(packets).decode()
        except StopIteration:
            return
        except av.FFmpegError:
            tally.whole = False


def _promised(data: bytes, container: Container, stream: AudioStream) -> Fraction | None:
    """The seconds that the header promises; None where it says nothing, and FFmpeg guesses from the file's size."""
    if container not in _SLACK_SECONDS or stream.duration is None or stream.time_base is None:
        return None
    if container is Container.MP3 and not counts_its_frames(data):
        return None
    return stream.duration * stream.time_base


def _verdict(tally: _Tally, container: Container, promised: Fraction | None) -> Heard | Reason:
    if promised is not None and tally.seconds < promised - _SLACK_SECONDS[container]:
        return _truncated(_LESS_DECODED.format(float(promised), float(tally.seconds)))
    if promised is None and not tally.whole:
        return _truncated("not all of it can be decoded") if tally.seconds else _unreadable(container)
    if not tally.seconds:
        return _EMPTY
    return Heard(float(tally.seconds), tally.sample_rate, tally.channels)


def _unfit(rate: int, channels: int) -> Reason | None:
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        return Reason(
            "audio_sample_rate",
            f"The recording says it has {rate:,} samples a second; {_LOWEST_RATE:,} to {_HIGHEST_RATE:,} are taken. "
            "Convert it to 16,000 and upload it again.",
        )
    if channels > _MOST_CHANNELS:
        return Reason(
            "audio_channels",
            f"The recording has {channels} channels; at most {_MOST_CHANNELS} are taken. "
            "Mix it down to one or two and upload it again.",
        )
    return None


_EMPTY = Reason("audio_empty", "The recording is empty. Record or export it again and upload it.")


def _unreadable(container: Container) -> Reason:
    return Reason(
        "audio_unreadable",
        f"The recording cannot be read as {container}: it is damaged, cut short, or something else. "
        "Export it again and upload it.",
    )


def _wrong_type(ending: str, really: Container | None) -> Reason:
    right = _ENDINGS.get(really) if really else None
    fix = f"Name it {right}, or convert it," if right else f"Convert it to one of {', '.join(_CONTAINERS)}"
    return Reason("audio_wrong_type", f"The recording is named {ending} but is {really}. {fix} and upload it again.")


def _truncated(evidence: str) -> Reason:
    return Reason(
        "audio_truncated",
        f"The recording is cut short or damaged: {evidence}. Copy or export it again and upload it.",
    )


def _too_long(longest: float) -> Reason:
    return Reason(
        "audio_too_long",
        f"The recording is longer than {longest / 60:g} minutes. Cut it, and its transcript, into parts.",
    )
