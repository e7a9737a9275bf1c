"""A pair's entry in its dataset's report: its line, which never has the text, and what it adds to the profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import accumulate, takewhile

import orjson

from attune.domain.finding import Finding
from attune.domain.pair import Half, Measured, Pair
from attune.domain.profile import profile_of
from attune.domain.shard import Member

# Bytes of a sentence, as JSON; the whole of it is in the pair's document. One may list labels, or name another pair,
# and 32 lines at their longest have to fit into one document of Firestore's, 1 MiB.
LONGEST_SENTENCE = 600
_MORE = "…"
_MINUTE = 60


def entry(pair: Pair) -> Member:
    """The entry of a pair. Nothing in it changes unless the pair's verdict does."""
    line = orjson.dumps(_told(pair), option=orjson.OPT_APPEND_NEWLINE).decode()
    return Member(pair.id, line=line, profile=profile_of(pair))


def shortened(sentence: str) -> str:
    """A sentence that is not too long for a line."""
    if _size(sentence) <= LONGEST_SENTENCE:
        return sentence
    room = LONGEST_SENTENCE - _size(_MORE)
    ends = accumulate(map(_size, sentence))
    return sentence[: sum(1 for end in takewhile(lambda end: end <= room, ends))] + _MORE


def _size(text: str) -> int:
    return len(orjson.dumps(text)) - 2  # its quotation marks


def _told(pair: Pair) -> dict[str, object]:
    return {
        "path": pair.path,
        "id": pair.id,
        "state": pair.state,
        "task": _task(pair),
        "split": pair.split if pair.row else None,
        "reasons": _findings(pair.reasons),
        "remarks": _findings(pair.remarks),
        "measures": _measures(pair.measured) if pair.measured else None,
        "audio": _half(pair.audio),
        "transcript": _half(pair.transcript),
        "changed_at": datetime.fromtimestamp(pair.changed_minute * _MINUTE, UTC).isoformat(timespec="minutes"),
    }


def _task(pair: Pair) -> str | None:
    """What it was judged as; nothing where it was not."""
    if pair.row:
        return pair.row.task
    return pair.measured.task if pair.measured else None


def _findings(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [asdict(finding) | {"sentence": shortened(finding.sentence)} for finding in findings]


def _half(half: Half | None) -> dict[str, object] | None:
    return {"name": half.name, "generation": half.generation} if half else None


def _measures(measured: Measured) -> dict[str, object]:
    heard = measured.heard
    return {
        "seconds": round(heard.seconds, 3),
        "sample_rate": heard.sample_rate,
        "channels": heard.channels,
        "bit_depth": heard.bit_depth,
        "level_dbfs": round(heard.level_dbfs, 2),
        "peak_dbfs": round(heard.peak_dbfs, 2),
        "silent_share": round(heard.silent_share, 4),
        "leading_silence": round(heard.leading_silence, 3),
        "trailing_silence": round(heard.trailing_silence, 3),
        "clipped_share": round(heard.clipped_share, 6),
        "dc_offset": round(heard.dc_offset, 5),
        "snr_db": round(heard.snr_db, 2),
        "characters_per_second": None if measured.pace is None else round(measured.pace, 2),
    }
