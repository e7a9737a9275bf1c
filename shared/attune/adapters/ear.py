"""Recordings decoded once, to their end, and measured on the way: WAV and FLAC by libsndfile, the others by FFmpeg.

MP3 is not left to libsndfile, whose decoder writes what it finds odd, bytes of the recording among it, to the process's
standard error, which is our log. FLAC that libsndfile gives up on, damaged or of unknown length, gets FFmpeg's verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from attune.adapters.sound import faults
from attune.adapters.sound.containers import TAKEN, Container, container_of
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits

# An hour, the most that is taken, of 48,000 samples a second in two channels: some seconds of work. What was recorded
# to be tuned on has no more; a few megabytes of FLAC can unpack to a thousand times as many.
DECODED_SAMPLES = 3_600 * 48_000 * 2
_NO_BEGINNING = "it does not begin as one"


@dataclass(frozen=True, slots=True)
class LibraryEar:
    """The port `Ear`. No more than `most_samples` are measured, whatever the recording would unpack to."""

    most_samples: int = DECODED_SAMPLES

    def listen(self, data: bytes, ending: str, limits: Limits) -> Heard | Finding:
        """Decodes and measures all of a recording, or says why it is none of what its ending promises."""
        container = TAKEN[ending]
        if not data:
            return faults.empty(container)
        really = container_of(data)
        if really not in {None, container}:
            return faults.wrong_type(ending, really)
        return self._hear(data, container, limits, known=really is not None)

    def _hear(self, data: bytes, container: Container, limits: Limits, *, known: bool) -> Heard | Finding:
        if container is Container.WAV or container is Container.FLAC:
            return self._hear_pcm(data, container, limits) if known else faults.unreadable(container, _NO_BEGINNING)
        return self._hear_by_ffmpeg(data, container, limits)

    def _hear_pcm(self, data: bytes, container: Container, limits: Limits) -> Heard | Finding:
        from attune.adapters.sound import pcm  # noqa: PLC0415 - a third of a second that only ingest's first one spends
        from attune.adapters.sound.hearing import Hearing  # noqa: PLC0415 - the same

        hearing = Hearing(limits, self.most_samples, len(data))
        if container is Container.WAV:
            return pcm.hear_wav(data, hearing)
        return pcm.hear_flac(data, hearing) or self._hear_by_ffmpeg(data, container, limits)

    def _hear_by_ffmpeg(self, data: bytes, container: Container, limits: Limits) -> Heard | Finding:
        from attune.adapters.sound import ffmpeg  # noqa: PLC0415 - the same
        from attune.adapters.sound.hearing import Hearing  # noqa: PLC0415 - the same

        return ffmpeg.HEAR[container](data, Hearing(limits, self.most_samples, len(data)))
