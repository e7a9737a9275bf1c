"""How long Hugging Face datasets takes to export rows as JSON lines; run by bench.encoding with .venv-bench's Python.

python tests/bench/exporting.py SIZE…    {"SIZE": {"export": S, "all": S}, …}: the seconds of a row of so many bytes
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from base64 import b64encode
from statistics import median

import datasets  # type: ignore[import-not-found]  # it has an environment of its own

_ROUNDS = 5
_BYTES = 16_000_000  # of audio in one export, so that what an export costs by itself is spread over many rows


def timed(size: int) -> dict[str, float]:
    """Of one row: the export of a dataset that is there, and all from the audio on."""
    audio = [os.urandom(size) for _ in range(max(1, _BYTES // size))]
    took = [_export(audio) for _ in range(_ROUNDS)]
    export, everything = (median(part) / len(audio) for part in zip(*took, strict=True))
    return {"export": export, "all": everything}


def _export(audio: list[bytes]) -> tuple[float, float]:
    started = time.perf_counter()
    made = datasets.Dataset.from_list([_row(each) for each in audio])
    exported = time.perf_counter()
    made.to_json(io.BytesIO(), lines=True)
    ended = time.perf_counter()
    return ended - exported, ended - started


def _row(audio: bytes) -> dict[str, object]:
    data = {"mime_type": "audio/wav", "data": b64encode(audio).decode()}
    user = [
        {"text": "Transcribe this audio verbatim.", "inline_data": None},
        {"text": None, "inline_data": data},
    ]
    return {
        "contents": [{"role": "user", "parts": user}, {"role": "model", "parts": [{"text": "x", "inline_data": None}]}]
    }


if __name__ == "__main__":
    datasets.disable_progress_bars()
    sys.stdout.write(json.dumps({size: timed(int(size)) for size in sys.argv[1:]}))
