"""MP3, AAC and M4A, and FLAC that libsndfile gives up on, opened for FFmpeg's decoders.

A demuxer is named, never guessed: FFmpeg knows formats that open further files and addresses. It gets no tags, which it
would unpack to any size and whose words it would compare with one another, and little to guess a stream's form by,
since it keeps what it reads for that. AAC gets no demuxer, which would look for tags in its middle, but a parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial

import av

from attune.adapters.sound import faults, flac, m4a
from attune.adapters.sound.containers import Container, behind_tags, container_of, counts_its_frames, has_gap
from attune.adapters.sound.hearing import Hearing
from attune.adapters.sound.packets import Attempt, Sound, hear
from attune.adapters.sound.tail import Tail
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard

_DEMUXERS = {Container.FLAC: "flac", Container.MP3: "mp3", Container.M4A: "mov"}
_CODECS = {"aac", "alac", "flac", "mp3", "mp3float", "opus"}  # all that these hold; FFmpeg knows hundreds
_OPTIONS = {"codec_whitelist": ",".join(sorted(_CODECS)), "probesize": "262144"}
_PIECE = 65_536
_TAGS = (b"ID3", b"TAG", b"APETAGEX")
_ALAC_FRAMES, _ALAC_DEPTH = slice(12, 16), slice(17, 18)  # in its magic cookie, which is an atom with its header
_LONGEST_ALAC_FRAME = 65_536  # 4,096 is usual; FFmpeg would take 16 million of each channel at once


_Describe = Callable[[av.AudioStream, Iterator[Attempt]], Sound]


def hear_aac(data: bytes, hearing: Hearing) -> Heard | Finding:
    """Hears AAC in ADTS to its end."""
    start = behind_tags(data)
    return _gap(data, Container.AAC, start) or hear(Sound(Container.AAC, _parsed(data, start)), hearing)


def hear_flac(data: bytes, hearing: Hearing) -> Heard | Finding:
    """Hears a FLAC to its end, whether its length is known or not."""
    header = flac.read_header(data)
    if header is None:
        return faults.unreadable(Container.FLAC, "its header makes no sense")
    if fault := hearing.refuses(header.rate, header.channels) or _gap(data, Container.FLAC, header.sound_at):
        return fault
    promised, bits = header.frames / header.rate if header.frames else None, header.bits

    def sound(_: av.AudioStream, attempts: Iterator[Attempt]) -> Sound:
        return Sound(Container.FLAC, attempts, promised, bits)

    return _hear_demuxed(Tail(data, header.sound_at, header.alone), Container.FLAC, sound, hearing)


def hear_mp3(data: bytes, hearing: Hearing) -> Heard | Finding:
    """Hears an MP3 to its end."""
    start = behind_tags(data)

    def sound(stream: av.AudioStream, attempts: Iterator[Attempt]) -> Sound:
        # Where it is not counted, FFmpeg guesses from the file's size.
        return Sound(Container.MP3, attempts, _duration(stream) if counts_its_frames(data) else None)

    return _gap(data, Container.MP3, start) or _hear_demuxed(Tail(data, start), Container.MP3, sound, hearing)


def hear_m4a(data: bytes, hearing: Hearing) -> Heard | Finding:
    """Hears an M4A to its end."""
    if m4a.overclaims(data):
        return faults.unreadable(Container.M4A, "its index claims more than a recording holds")

    def sound(stream: av.AudioStream, attempts: Iterator[Attempt]) -> Sound:
        return Sound(Container.M4A, attempts, _duration(stream), _alac(stream, _ALAC_DEPTH) or None)

    return _hear_demuxed(Tail(data, 0), Container.M4A, sound, hearing)


HEAR: Mapping[Container, Callable[[bytes, Hearing], Heard | Finding]] = {
    Container.AAC: hear_aac,
    Container.FLAC: hear_flac,
    Container.MP3: hear_mp3,
    Container.M4A: hear_m4a,
}


def _gap(data: bytes, container: Container, start: int) -> Finding | None:
    if not has_gap(data, container, start):
        return None
    if container_of(data) is None:
        return faults.unreadable(container, "nothing in it begins a frame of sound")
    return faults.truncated("some megabytes of it hold no frame of sound")


def _hear_demuxed(file: Tail, container: Container, describe: _Describe, hearing: Hearing) -> Heard | Finding:
    try:
        with av.open(file, "r", format=_DEMUXERS[container], metadata_errors="replace", options=_OPTIONS) as opened:
            stream = opened.streams.best("audio")
            if not isinstance(stream, av.AudioStream) or not _has_form(stream):
                return faults.unreadable(container, "there is no sound in it")
            form = stream.codec_context.sample_rate, stream.codec_context.channels
            if fault := _unknown(container, stream) or hearing.refuses(*form):
                return fault
            return hear(describe(stream, (packet.decode for packet in opened.demux(stream))), hearing)
    except av.FFmpegError:
        return faults.unreadable(container, "nothing in it makes sense")


def _has_form(stream: av.AudioStream) -> bool:
    context: av.AudioCodecContext | None = stream.codec_context  # where FFmpeg has no decoder, PyAV has no context
    return context is not None and bool(context.sample_rate)


def _unknown(container: Container, stream: av.AudioStream) -> Finding | None:
    codec = stream.codec_context.name
    if codec not in _CODECS:
        return faults.unreadable(container, f"its sound is coded as {codec}, which is not taken")
    if _alac(stream, _ALAC_FRAMES) > _LONGEST_ALAC_FRAME:
        return faults.unreadable(container, f"its frames are longer than {_LONGEST_ALAC_FRAME:,} samples")
    return None


def _alac(stream: av.AudioStream, where: slice) -> int:
    """A figure of Apple's lossless coding; 0 where the sound is coded otherwise."""
    context = stream.codec_context
    return int.from_bytes((context.extradata or b"")[where], "big") if context.name == "alac" else 0


def _duration(stream: av.AudioStream) -> float | None:
    """The seconds that the header promises."""
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * Fraction(stream.time_base))


def _parsed(data: bytes, at: int) -> Iterator[Attempt]:
    """Attempts at the packets of AAC, tags passed over, and one at what the decoder still has at the end."""
    context = av.CodecContext.create("aac", "r")
    for start in range(at, len(data), _PIECE):
        for packet in context.parse(data[start : start + _PIECE]):
            yield partial(_decode, context, packet)
    for packet in context.parse(None):
        yield partial(_decode, context, packet)
    yield partial(context.decode, None)


def _decode(context: av.AudioCodecContext, packet: av.Packet[av.AudioStream]) -> list[av.AudioFrame]:
    return [] if bytes(packet).startswith(_TAGS) else context.decode(packet)
