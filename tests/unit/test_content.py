"""Who has which content, and what speaks against a pair that says the same."""

from __future__ import annotations

from dataclasses import replace

from attune.domain.content import Content, Holder, Known, Recording, Side, conflicts, side_known
from attune.domain.split import Split

ME, OTHER = Holder("p1", "mine"), Holder("p2", "theirs")
SPOKEN = Content("transcription", "sound", "words", None, "words")
GROUPED = replace(SPOKEN, group="speaker", by="speaker")
LABEL = Content("mood", "sound", None, None, "sound")


def codes(content: Content, split: Split, known: Known) -> list[str]:
    return [finding.code for finding in conflicts(ME, content, split, known)]


def test_words_that_nobody_said_have_no_side_yet() -> None:
    assert side_known(SPOKEN, Known()) is None
    assert side_known(GROUPED, Known()) is None
    assert side_known(LABEL, Known()) is None


def test_the_side_is_that_of_what_it_is_the_hash_of() -> None:
    known = Known(Recording(Split.TRAIN), words=Side(Split.VALIDATION, OTHER), group=Side(Split.TRAIN, OTHER))
    assert side_known(SPOKEN, known) is Split.VALIDATION
    assert side_known(GROUPED, known) is Split.TRAIN
    assert side_known(LABEL, replace(known, recording=Recording(Split.VALIDATION))) is Split.VALIDATION


def test_nothing_known_speaks_against_nothing() -> None:
    assert codes(SPOKEN, Split.TRAIN, Known()) == []


def test_what_a_pair_said_itself_is_no_duplicate() -> None:
    known = Known(Recording(Split.TRAIN, {"transcription": ME}), Side(Split.TRAIN, ME))
    assert codes(SPOKEN, Split.TRAIN, known) == []


def test_a_pair_that_has_a_recording_alone_may_take_it_to_the_other_side() -> None:
    assert codes(SPOKEN, Split.VALIDATION, Known(Recording(Split.TRAIN, {"transcription": ME}))) == []


def test_the_same_recording_in_the_same_task_is_a_duplicate_on_either_side() -> None:
    known = Known(Recording(Split.TRAIN, {"transcription": OTHER}))
    assert codes(SPOKEN, Split.TRAIN, known) == ["audio_duplicate"]
    assert codes(SPOKEN, Split.VALIDATION, known) == ["audio_duplicate"]


def test_the_same_recording_in_another_task_has_to_be_on_the_same_side() -> None:
    known = Known(Recording(Split.TRAIN, {"transcription": OTHER}))
    assert codes(LABEL, Split.TRAIN, known) == []
    assert codes(LABEL, Split.VALIDATION, known) == ["audio_across_hold_out"]


def test_the_same_words_are_told_on_the_same_side_and_refused_on_the_other() -> None:
    known = Known(words=Side(Split.TRAIN, OTHER))
    assert codes(GROUPED, Split.TRAIN, known) == ["transcript_duplicate"]
    assert codes(GROUPED, Split.VALIDATION, known) == ["transcript_across_hold_out"]


def test_findings_name_the_other_pair() -> None:
    known = Known(Recording(Split.TRAIN, {"transcription": OTHER}), Side(Split.VALIDATION, OTHER))
    assert all("theirs" in finding.sentence for finding in conflicts(ME, SPOKEN, Split.TRAIN, known))


def test_the_documents_of_words_and_groups_are_named_by_their_digests() -> None:
    assert SPOKEN.words_key == "words-words"
    assert SPOKEN.group_key is None
    assert LABEL.words_key is None
    assert GROUPED.group_key is not None
    assert "speaker" not in GROUPED.group_key
