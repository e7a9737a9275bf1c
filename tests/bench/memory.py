"""What taking in a pair holds in memory, as multiples of its recording: python -m bench.memory, or for `make bench`.

A process for each figure (`bench.holding`), with the real adapters and a storage server in a process of its own. What
it held after a small pair is taken off: all that is ever imported is there then. The figures of a single
pair say, too, what was held within each call of a port: `read` is a download, `listen` the decoding, `put` an upload.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from attune.domain.row import RowFormat
from attune_local.stack.child import Child, Program
from attune_local.stack.clients import storage_client
from attune_local.stack.loopback import HOST, free_port
from attune_local.stack.storage_server import find_storage_server
from attune_local.stage import ROOT
from bench.holding import DATASETS, INTAKE, SMALL
from bench.line import Line

MEGABYTES = (1, 20, 100)
AT_ONCE, EACH = 8, 20  # pairs, and megabytes of each
MOST = {RowFormat.FILE_URI: 2.5, RowFormat.INLINE_DATA: 3.5}  # times the recording, from 20 MB on
_SIZED = 20  # megabytes: below, it is the buffers that are measured
_MB, _KIB = 1_000_000, 1024
_SMALL = 0.4  # megabytes: two seconds
_RATE = 48_000
_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes held above what a small pair leaves behind: at most, and within each step; and those of the recordings."""

    most: int
    steps: Mapping[str, int]
    recordings: int

    @property
    def times(self) -> float:
        """The most, of the recordings."""
        return self.most / self.recordings


def held(url: str, row_format: RowFormat, names: Sequence[str], recordings: int) -> Held:
    """What a process held that took in these recordings."""
    command = [sys.executable, "-m", "bench.holding", url, row_format.value, *names]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests")
    told = json.loads(said.stdout)
    steps = {name: (most - told["before"]) * _KIB for name, most in told["steps"].items()}
    return Held((told["most"] - told["before"]) * _KIB, steps, recordings)


def lines() -> Iterator[Line]:
    """One pair of each size in either format, and several at once."""
    with _served() as url:
        _upload(url, SMALL, _SMALL)
        for size in MEGABYTES:
            _upload(url, f"d/{size}.wav", size)
            for row_format in RowFormat:
                found = held(url, row_format, (f"d/{size}.wav",), size * _MB)
                yield _line(f"a recording of {size} MB, {row_format}", row_format, size, found)
        names = [f"d/each{number}.wav" for number in range(AT_ONCE)]
        for number, name in enumerate(names):
            _upload(url, name, EACH, number)
        for row_format in RowFormat:
            found = held(url, row_format, names, AT_ONCE * EACH * _MB)
            yield _line(f"{AT_ONCE} of {EACH} MB at once, {row_format}", row_format, EACH, found)


def _line(what: str, row_format: RowFormat, size: int, found: Held) -> Line:
    most = MOST[row_format] if size >= _SIZED else None
    within = ", ".join(f"{name} {held / found.recordings:.2f}" for name, held in found.steps.items())
    figure = f"{found.times:.2f} x its size{f' ({within})' if within else ''}"
    numbers = {"times": found.times, **{name: held / found.recordings for name, held in found.steps.items()}}
    return Line(what, f"<= {most} x" if most else "-", figure, found.times <= most if most else None, numbers)


def _upload(url: str, name: str, megabytes: float, seed: int = 0) -> None:
    """A recording of noise, and a transcript for it."""
    samples = np.random.default_rng(seed).integers(-9_000, 9_000, (int(megabytes * _MB) - 44) // 4 * 2, dtype=np.int16)
    out = io.BytesIO()
    soundfile.write(out, samples.reshape(-1, 2), _RATE, format="WAV", subtype="PCM_16")
    bucket = storage_client(url, "p").bucket(INTAKE)
    bucket.blob(name).upload_from_string(out.getvalue(), "audio/wav")
    bucket.blob(f"{name.removesuffix('.wav')}.txt").upload_from_string(f"this is what {name} says", "text/plain")


@contextmanager
def _served() -> Iterator[str]:
    """A storage server with both buckets, and its address."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    at = ("-scheme", "http", "-host", HOST, "-port", str(port), "-external-url", url)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = (str(find_storage_server()), "-backend", "memory", "-log-level", "warn", *at)
        server = Child(Program("storage", command, {}, Path(folder), log), port)
        server.launch()
        try:
            server.wait_ready(_WAIT)
            for bucket in (INTAKE, DATASETS):
                storage_client(url, "p").create_bucket(bucket)
            yield url
        finally:
            server.kill()


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line.what}: {line.figure}\n")
