"""The hold-out: the same words, the same recording and the same voice are on one side, and stay there."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import random
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune import bootstrap
from attune.domain.pair import PairState
from attune.domain.quality.words import words_digest
from attune.domain.split import Split, split_of
from attune.services.ingest import Outcome
from service.scenes import dies_at, drop, sound
from service.theatre import Director, Killed, Stage, wav
from thoroughness import tries

WORDS = [f"sentence number {index}" for index in range(40)]


def side_of_words(text: str, fraction: float = 0.1) -> Split:
    return split_of("d", words_digest(text), fraction)


def words_on(side: Split, fraction: float = 0.1) -> str:
    return next(text for text in WORDS if side_of_words(text, fraction) is side)


def codes(stage: Stage, path: str) -> list[str]:
    return [finding.code for finding in stage.pair(path).reasons]


def remarks(stage: Stage, path: str) -> list[str]:
    return [finding.code for finding in stage.pair(path).remarks]


def test_a_tenth_is_held_out_by_default() -> None:
    held_out = sum(side_of_words(f"words {index}") is Split.VALIDATION for index in range(2000))
    assert 160 < held_out < 240


@pytest.mark.parametrize("again", ["Sentence number 7.", "sentence  number 7", "SENTENCE NUMBER 7!"])
def test_the_same_words_are_on_one_side_however_they_are_written(again: str) -> None:
    stage = Stage(threshold=1000)
    drop(stage, "a", text=b"sentence number 7")
    assert drop(stage, "b", text=again.encode()).outcome is Outcome.ACCEPTED
    assert stage.pair("a").split is stage.pair("b").split
    assert "transcript_duplicate" in remarks(stage, "b")
    assert "transcript_duplicate" not in remarks(stage, "a")


def test_the_same_recording_under_another_name_is_refused_and_says_where_it_is() -> None:
    stage = Stage(threshold=1000)
    drop(stage, "speakers/a", sound("x"), b"these words")
    assert drop(stage, "b", sound("x"), b"other words").outcome is Outcome.REJECTED
    assert codes(stage, "b") == ["audio_duplicate"]
    assert "speakers/a" in stage.pair("b").reasons[0].sentence


def test_a_recording_is_free_again_when_its_pair_has_another_one() -> None:
    stage = Stage(threshold=1000)
    drop(stage, "a", sound("x"), b"these words")
    stage.ingest(stage.upload("d/a.wav", sound("y")))
    assert drop(stage, "b", sound("x"), b"other words").outcome is Outcome.ACCEPTED
    assert stage.ingest(stage.upload("d/a.wav", sound("x"))).outcome is Outcome.REJECTED


@pytest.mark.parametrize("instead", [sound("y"), b"RIFF\x24\x00\x00\x00WAVEnothing"], ids=["another", "broken"])
def test_who_was_refused_a_recording_has_it_when_its_pair_lets_go(instead: bytes) -> None:
    stage = Stage(threshold=2)
    drop(stage, "wrong", sound("x"), b"these words")
    assert drop(stage, "right", sound("x"), b"other words").outcome is Outcome.REJECTED
    stage.ingest(stage.upload("d/wrong.wav", instead))
    assert stage.pair("right").state is PairState.ACCEPTED
    assert stage.pair("wrong").freed == ()


@pytest.mark.parametrize("nth", range(1, 6))
def test_it_has_it_though_the_one_who_lets_go_dies_on_the_way(nth: int) -> None:
    stage = Stage(threshold=1000)
    drop(stage, "wrong", sound("x"), b"these words")
    drop(stage, "right", sound("x"), b"other words")
    arrival = stage.upload("d/wrong.wav", sound("y"))
    with contextlib.suppress(Killed):
        bootstrap.ingest(stage.ports(dies_at("documents.commit", nth, after=True)))(arrival)
    stage.ingest(arrival)
    assert stage.pair("right").state is stage.pair("wrong").state is PairState.ACCEPTED
    assert stage.pair("wrong").freed == ()


def test_a_pair_that_is_uploaded_again_is_no_duplicate_of_itself() -> None:
    stage = Stage(threshold=1000)
    for _ in range(3):
        assert drop(stage, "a", sound("x"), b"these words").outcome is Outcome.ACCEPTED
    assert "transcript_duplicate" not in remarks(stage, "a")


def test_corrected_words_take_the_pair_to_their_own_side_and_out_of_the_other() -> None:
    stage = Stage(threshold=1)
    stage.write_settings(threshold=1, row_format="inline_data")
    drop(stage, "other", text=words_on(Split.TRAIN).encode())
    drop(stage, "a", text=b"before " + words_on(Split.TRAIN).encode())
    stage.settle()
    before = stage.pair("a").split
    corrected = next(text for text in WORDS if side_of_words(text) is not before)
    stage.ingest(stage.upload("d/a.txt", corrected.encode()))
    stage.settle()
    assert stage.pair("a").split is not before
    rows = {split: stage.file(stage.runs()[-1], split.value) for split in Split}
    assert corrected.encode() in rows[stage.pair("a").split]
    assert b"before" not in rows[Split.TRAIN] + rows[Split.VALIDATION]
    assert (rows[Split.TRAIN] + rows[Split.VALIDATION]).count(corrected.encode()) == 1


def test_words_stay_on_their_side_when_the_fraction_is_raised() -> None:
    moved = next(text for text in WORDS if side_of_words(text) is not side_of_words(text, 0.5))
    stage = Stage(threshold=1000)
    drop(stage, "a", text=moved.encode())
    stage.write_settings(threshold=1000, validation_fraction=0.5)
    drop(stage, "b", text=moved.encode())
    assert stage.pair("a").split is stage.pair("b").split is Split.TRAIN


def test_a_voice_stays_on_its_side_when_the_fraction_is_raised() -> None:
    stage = Stage(threshold=1000)
    stage.write_settings(threshold=1000, group_by="^[^/]+")
    voices = [f"voice {index}" for index in range(12)]
    for voice in voices:
        drop(stage, f"{voice}/first", text=f"first of {voice}".encode())
    stage.write_settings(threshold=1000, group_by="^[^/]+", validation_fraction=0.5)
    for voice in voices:
        drop(stage, f"{voice}/second", text=f"second of {voice}".encode())
        assert stage.pair(f"{voice}/first").split is stage.pair(f"{voice}/second").split


def on_two_sides(stage: Stage, **quality: object) -> tuple[str, str]:
    """Two voices, one on each side of the hold-out."""
    stage.write_settings(threshold=1000, group_by="^[^/]+", validation_fraction=0.5, quality=quality)
    sides: dict[Split, str] = {}
    for index in range(20):
        drop(stage, f"voice {index}/a", text=f"only {index} says so".encode())
        sides.setdefault(stage.pair(f"voice {index}/a").split, f"voice {index}")
    return sides[Split.TRAIN], sides[Split.VALIDATION]


def test_words_that_a_voice_on_the_other_side_has_said_are_refused() -> None:
    stage = Stage()
    one, other = on_two_sides(stage)
    assert drop(stage, f"{one}/yes", text=b"yes please do").outcome is Outcome.ACCEPTED
    assert drop(stage, f"{other}/yes", text=b"Yes, please do!").outcome is Outcome.REJECTED
    assert codes(stage, f"{other}/yes") == ["transcript_across_hold_out"]


def test_a_dataset_may_take_them_all_the_same() -> None:
    stage = Stage()
    one, other = on_two_sides(stage, severities={"transcript_across_hold_out": "look"})
    drop(stage, f"{one}/yes", text=b"yes please do")
    assert drop(stage, f"{other}/yes", text=b"yes please do").outcome is Outcome.ACCEPTED
    assert "transcript_across_hold_out" in remarks(stage, f"{other}/yes")


def test_a_repeated_transcript_costs_two_calls_more_and_no_more_after_hundreds() -> None:
    def cost(before: int) -> int:
        stage = Stage(threshold=10_000)
        for index in range(before):
            drop(stage, f"clip{index}", text=b"the same words")
        stage.calls.clear()
        drop(stage, "one more", text=b"the same words")
        return len(stage.calls)

    assert cost(1) == cost(tries(300, 3_000)) <= 13


Upload = tuple[str, bytes, str]


@st.composite
def repetitive(draw: st.DrawFn) -> list[Upload]:
    """Pairs of which many share words or recordings, some of them overwritten."""
    count = draw(st.integers(2, 9))
    return [
        (
            f"voice{draw(st.integers(0, 2))}/clip{draw(st.integers(0, 5))}",
            wav(0.5, seed=draw(st.integers(0, 5))),
            WORDS[draw(st.integers(0, 4))],
        )
        for _ in range(count)
    ]


@settings(max_examples=tries(30, 1_000), deadline=None)
@given(repetitive(), st.integers(0, 2**32), st.sampled_from([None, "^[^/]+"]), st.sampled_from([0.0, 0.05]))
def test_no_words_and_no_recording_are_ever_on_both_sides(
    uploads: list[Upload], seed: int, group_by: str | None, crash_rate: float
) -> None:
    stage = Stage()
    stage.write_settings(threshold=1, validation_fraction=0.5, group_by=group_by, row_format="inline_data")
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    director = Director(stage, dice, crash_rate, at_once=3, duplicate_rate=0.2)
    for path, audio, text in uploads:
        arrivals = [stage.upload(f"d/{path}.wav", audio), stage.upload(f"d/{path}.txt", text.encode())]
        director.pending += [("object", arrival) for arrival in arrivals]
    director.play()
    stage.pass_time(2000)
    stage.settle()
    check_sides(stage)


def check_sides(stage: Stage) -> None:
    accepted = [pair for pair in stage.pairs() if pair.state is PairState.ACCEPTED]
    sides: dict[tuple[str, str], set[Split]] = defaultdict(set)
    for pair in accepted:
        sides["audio", pair.row.audio_sha256].add(pair.split)
    recordings = [pair.row.audio_sha256 for pair in accepted]
    assert len(recordings) == len(set(recordings))
    for pair in stage.pairs():
        if [finding.code for finding in pair.reasons] == ["audio_duplicate"]:
            name = stage.pair(pair.path).audio.name
            assert hashlib.sha256(stage.intake.live[name].data).hexdigest() in recordings
    for run in stage.runs():
        files = {split: set(stage.file(run, split.value).splitlines()) for split in Split}
        for one, other in itertools.product(files[Split.TRAIN], files[Split.VALIDATION]):
            assert not same_content(one, other)


def same_content(one: bytes, other: bytes) -> bool:
    import orjson  # noqa: PLC0415 - only here

    def parts(row: bytes) -> tuple[Any, str]:
        user, model = orjson.loads(row)["contents"]
        return user["parts"][1]["inline_data"]["data"], words_digest(model["parts"][0]["text"])

    return any(mine == theirs for mine, theirs in zip(parts(one), parts(other), strict=True))
