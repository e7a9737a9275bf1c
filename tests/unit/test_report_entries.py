"""A pair's line in the report: what stands in it, that it changes with the verdict alone, and how large it can get."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import google_crc32c
import orjson
import pytest

from attune.adapters.codec import encode
from attune.domain.finding import Finding
from attune.domain.names import HalfKind, pair_id
from attune.domain.pair import Half, Measured, Pair, PairState
from attune.domain.profile import Profile, profile_of, total
from attune.domain.quality.customs import Cased, Style
from attune.domain.quality.heard import Heard
from attune.domain.quality.rules import RULES
from attune.domain.shard import FAN_OUT, Member, Shard, Span, Tree
from attune.domain.split import Split
from attune.services.report.entries import LONGEST_SENTENCE, entry
from attune.services.report.places import report_store
from reported import a_row, judged, waiting

NOW = datetime(2026, 11, 22, 12, 30, 59, tzinfo=UTC)
MEASURED = Measured(Heard(1.23456, 16000, 1, 16), "transcription", 12.3456, Style(Cased.LOWER, punctuated=False))
NOISY = RULES["audio_noisy"].found("It is noisy.")
MOST_BYTES = 1024 * 1024  # of a Firestore document
WORST_NAME = "\x01" * 1000  # as long as a name can be, each of its bytes six in JSON


def line_of(pair: Pair) -> dict[str, object]:
    return dict(orjson.loads(entry(pair).line))


def accepted() -> Pair:
    half = Half(HalfKind.TRANSCRIPT, "d/calls/a.txt", 9, 3)
    pair = replace(waiting("calls/a", NOW), transcript=half)
    return pair.accepted(a_row(MEASURED), Split.VALIDATION, NOW, (NOISY,), MEASURED)


def test_a_line_says_all_that_is_known_of_a_pair_but_its_text() -> None:
    assert line_of(accepted()) == {
        "path": "calls/a",
        "id": pair_id("d", "calls/a"),
        "state": "accepted",
        "task": "transcription",
        "split": "validation",
        "reasons": [],
        "remarks": [
            {
                "code": "audio_noisy",
                "severity": "look",
                "sentence": "It is noisy.",
                "fix": "Record it closer to the speaker, or leave it out.",
            }
        ],
        "measures": {
            "seconds": 1.235,
            "sample_rate": 16000,
            "channels": 1,
            "bit_depth": 16,
            "level_dbfs": -20.0,
            "peak_dbfs": -6.0,
            "silent_share": 0.0,
            "leading_silence": 0.0,
            "trailing_silence": 0.0,
            "clipped_share": 0.0,
            "dc_offset": 0.0,
            "snr_db": 40.0,
            "characters_per_second": 12.35,
        },
        "audio": {"name": "d/calls/a.wav", "generation": 7},
        "transcript": {"name": "d/calls/a.txt", "generation": 9},
        "changed_at": "2026-11-22T12:30+00:00",
    }


def test_a_half_that_waits_has_neither_task_nor_measures() -> None:
    told = line_of(waiting("a", NOW))
    assert (told["state"], told["task"], told["measures"], told["transcript"]) == ("waiting", None, None, None)


def test_a_pair_that_was_in_and_is_refused_is_on_no_side() -> None:
    refused = accepted().rejected((RULES["transcript_empty"].found("It is empty."),), NOW, (), MEASURED)
    told = line_of(refused)
    assert (told["state"], told["split"], told["task"]) == ("rejected", None, "transcription")


def test_a_cut_changes_nothing_in_it() -> None:
    later = NOW + timedelta(hours=1)
    assert entry(accepted().taken_into("r000001", later)) == entry(accepted())


@pytest.mark.parametrize("character", ["x", "ä", "会", "🙂", "\x01", '"'])
def test_a_sentence_is_cut_where_it_would_be_too_long(character: str) -> None:
    long = replace(NOISY, sentence=character * 10_000)
    (told,) = orjson.loads(entry(replace(accepted(), remarks=(long,))).line)["remarks"]
    size = len(orjson.dumps(told["sentence"])) - 2
    assert told["sentence"].rstrip("…") == character * (len(told["sentence"]) - 1)
    assert LONGEST_SENTENCE - 6 <= size <= LONGEST_SENTENCE


def test_a_sentence_that_is_just_long_enough_is_left() -> None:
    just = replace(NOISY, sentence="x" * LONGEST_SENTENCE)
    assert orjson.loads(entry(replace(accepted(), remarks=(just,))).line)["remarks"][0]["sentence"] == just.sentence


def test_every_line_is_one_line() -> None:
    dice = random.Random(1)  # noqa: S311 - a schedule, not a secret
    for index in range(100):
        line = entry(judged(f"a\n{index}\u2028\u0085", NOW, dice)).line
        assert line.endswith("}\n")
        assert line.count("\n") == 1


# --- how large it can get -------------------------------------------------------------------------------------------


def firestore_bytes(value: object) -> int:
    """What Firestore counts: https://firebase.google.com/docs/firestore/storage-size."""
    if isinstance(value, Mapping):
        return sum(len(str(name).encode()) + 1 + firestore_bytes(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(firestore_bytes(inner) for inner in value)
    if isinstance(value, str):
        return len(value.encode()) + 1
    return 1 if value is None or isinstance(value, bool) else 8


def most_findings() -> tuple[Finding, ...]:
    """More than one pair can have, three of them with the longest name. After a fixed one nothing is judged."""
    named = ("audio_duplicate", "transcript_across_hold_out", "transcript_duplicate")
    codes = [code for code, rule in RULES.items() if not rule.fixed]
    return tuple(RULES[code].found(WORST_NAME if code in named else "y" * 120) for code in codes)


def hostile(index: int) -> Pair:
    path = f"{index:02}{WORST_NAME}"
    audio = Half(HalfKind.AUDIO, f"d/{path}.wav", 10**15, 10**9)
    transcript = Half(HalfKind.TRANSCRIPT, f"d/{path}.txt", 10**15, 10**9)
    pair = Pair("d", path, PairState.WAITING, NOW, audio, transcript)
    return pair.rejected(most_findings(), NOW, (), MEASURED)


def test_a_leaf_of_the_longest_lines_fits_into_a_document() -> None:
    members = {each.pair: each for each in (entry(hostile(index)) for index in range(FAN_OUT))}
    tree = Tree("d", "report1", report_store("d", "report1"), google_crc32c.value)
    (leaf,) = tree.grow({"": None}, members)
    assert len(leaf.members) == FAN_OUT
    assert firestore_bytes(encode(leaf)) < MOST_BYTES


def test_a_node_of_full_profiles_fits_into_a_document() -> None:
    dice = random.Random(2)  # noqa: S311 - as above
    full = total(profile_of(judged(f"{index}", NOW, dice)) for index in range(3000))
    codes = {code: next(iter(full.found.values())) for code in RULES}
    every = {code: replace(found, pairs={"refused": 10**6, "look": 10**6}) for code, found in codes.items()}
    profile: Profile = replace(full, found=every)
    span = Span(10**6, profile=profile)
    node = Shard("d", "report1", "", span, children={f"{at:02}": span for at in range(FAN_OUT)})
    assert firestore_bytes(encode(node)) < MOST_BYTES / 2


def test_a_member_without_a_row_is_an_entry() -> None:
    assert entry(accepted()) == Member(
        pair_id("d", "calls/a"), line=entry(accepted()).line, profile=profile_of(accepted())
    )
