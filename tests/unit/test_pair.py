"""What a pair remembers, and what the next cut has to do with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attune.domain.names import HalfKind, pair_id
from attune.domain.pair import Due, Half, Pair, PairState, Row
from attune.domain.quality.rules import found
from attune.domain.row import Weight
from attune.domain.split import Split

NOW = datetime(2026, 1, 1, 10, 59, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
AUDIO = Half(HalfKind.AUDIO, "d/a.wav", 5, 1000)
TEXT = Half(HalfKind.TRANSCRIPT, "d/a.txt", 6, 10)
ROW = Row("rows/d/1.jsonl", 100, 1, "t1", None, "audio/wav", "sound", "words", 1.0, 40, Weight(44, 7, 7))
OTHER_ROW = replace(ROW, name="rows/d/2.jsonl", audio_sha256="another sound")
NEW = Pair("d", "a", PairState.WAITING, NOW)
WHOLE = NEW.with_half(AUDIO).with_half(TEXT)
ACCEPTED = WHOLE.accepted(ROW, Split.TRAIN, NOW)
TAKEN = ACCEPTED.taken_into("r000001", LATER)
REASONS = (found("audio_unreadable", "It cannot be read."),)


def test_a_pair_is_complete_when_both_halves_are_known() -> None:
    assert not NEW.with_half(AUDIO).complete
    assert not NEW.with_half(TEXT).complete
    assert WHOLE.complete
    assert (WHOLE.audio, WHOLE.transcript) == (AUDIO, TEXT)


def test_its_id_is_that_of_its_dataset_and_path() -> None:
    assert NEW.id == pair_id("d", "a")


def test_it_holds_a_half_when_that_one_or_a_newer_one_is_there() -> None:
    assert not NEW.holds(AUDIO)
    assert WHOLE.holds(AUDIO)
    assert WHOLE.holds(replace(AUDIO, generation=4))
    assert not WHOLE.holds(replace(AUDIO, generation=7))


def test_the_newer_recording_wins_whatever_its_ending() -> None:
    flac = Half(HalfKind.AUDIO, "d/a.flac", 9, 500)
    assert not WHOLE.holds(flac)
    assert WHOLE.with_half(flac).holds(AUDIO)


def test_without_takes_out_that_very_generation_only() -> None:
    assert WHOLE.without(AUDIO).audio is None
    assert WHOLE.without(replace(AUDIO, generation=4)) == WHOLE
    assert WHOLE.without(TEXT).transcript is None


def test_an_accepted_pair_is_due_since_its_hour() -> None:
    assert (ACCEPTED.state, ACCEPTED.row, ACCEPTED.split, ACCEPTED.due) == (
        PairState.ACCEPTED,
        ROW,
        Split.TRAIN,
        Due.ADD,
    )
    assert ACCEPTED.due_hour == int(NOW.timestamp()) // 3600


def test_a_cut_freezes_the_row_and_the_generations_behind_it() -> None:
    assert (TAKEN.due, TAKEN.due_hour, TAKEN.taken_by) == (Due.NOTHING, None, "r000001")
    assert TAKEN.taken is not None
    assert (TAKEN.taken.run, TAKEN.taken.row, TAKEN.taken.audio, TAKEN.taken.transcript) == (
        "r000001",
        ROW,
        AUDIO,
        TEXT,
    )


def test_what_was_frozen_stays_when_a_newer_half_is_accepted() -> None:
    newer = replace(AUDIO, generation=9)
    again = TAKEN.with_half(newer).accepted(OTHER_ROW, Split.TRAIN, LATER)
    assert (again.due, again.row) == (Due.ADD, OTHER_ROW)
    assert again.taken == TAKEN.taken


def test_the_same_recording_and_words_again_are_not_due_twice() -> None:
    again = TAKEN.accepted(replace(ROW, name="rows/d/3.jsonl", template="t2"), Split.TRAIN, LATER)
    assert again.due is Due.NOTHING


def test_the_same_again_before_a_cut_stays_due() -> None:
    assert ACCEPTED.accepted(ROW, Split.TRAIN, LATER).due is Due.ADD


def test_a_pair_whose_words_change_sides_is_due_and_remembers_both() -> None:
    moved = TAKEN.accepted(OTHER_ROW, Split.VALIDATION, LATER)
    assert (moved.split, moved.sides, moved.due) == (Split.VALIDATION, (Split.TRAIN, Split.VALIDATION), Due.ADD)
    again = TAKEN.accepted(ROW, Split.VALIDATION, LATER)
    assert again.due is Due.ADD


def test_a_cut_freezes_the_side_too() -> None:
    moved = TAKEN.accepted(OTHER_ROW, Split.VALIDATION, LATER)
    assert moved.taken is not None
    assert moved.taken.split is Split.TRAIN


def test_a_quarantined_pair_is_refused_due_out_and_barred() -> None:
    finding = found("service_dropped", "The tuning service left the row out.")
    pair = TAKEN.quarantined(finding, LATER)
    assert (pair.state, pair.reasons, pair.row, pair.due) == (PairState.REJECTED, (finding,), None, Due.REMOVE)
    assert pair.barred is not None
    assert pair.barred.is_about(replace(ROW, name="another", template="t2"))
    assert not pair.barred.is_about(OTHER_ROW)
    with pytest.raises(ValueError, match="has no row"):
        pair.quarantined(finding, LATER)


def test_every_verdict_tells_the_minute_it_was_written_in() -> None:
    minutes = {pair.changed_minute for pair in (ACCEPTED, WHOLE.waiting(NOW), WHOLE.rejected(REASONS, NOW))}
    assert minutes == {int(NOW.timestamp()) // 60}


def test_a_pair_rejected_at_first_is_nothing_to_a_cut() -> None:
    rejected = WHOLE.rejected(REASONS, NOW)
    assert (rejected.state, rejected.reasons, rejected.row, rejected.due) == (
        PairState.REJECTED,
        REASONS,
        None,
        Due.NOTHING,
    )


@pytest.mark.parametrize("before", [ACCEPTED, TAKEN], ids=["due", "taken"])
def test_a_pair_that_had_a_row_and_is_refused_now_is_taken_out_by_the_next_cut(before: Pair) -> None:
    assert before.rejected(REASONS, LATER).due is Due.REMOVE
    assert before.without(AUDIO).waiting(LATER).due is Due.REMOVE


def test_a_pair_that_was_taken_out_already_is_not_taken_out_again() -> None:
    out = TAKEN.rejected(REASONS, LATER).taken_into("r000002", LATER)
    assert out.taken is not None
    assert out.taken.row is None
    assert out.rejected(REASONS, LATER).due is Due.NOTHING


def test_a_repaired_pair_has_no_reasons_and_is_due() -> None:
    repaired = WHOLE.rejected(REASONS, NOW).accepted(ROW, Split.TRAIN, LATER)
    assert (repaired.state, repaired.reasons, repaired.due) == (PairState.ACCEPTED, (), Due.ADD)


def test_a_pair_that_was_taken_out_and_comes_back_as_it_was_is_due_again() -> None:
    out = TAKEN.rejected(REASONS, LATER).taken_into("r000002", LATER)
    assert out.accepted(ROW, Split.TRAIN, LATER).due is Due.ADD


def test_a_pair_that_is_due_out_and_comes_back_as_it_was_is_due_in() -> None:
    assert TAKEN.rejected(REASONS, LATER).accepted(ROW, Split.TRAIN, LATER).due is Due.ADD


def test_rows_say_the_same_whatever_their_template() -> None:
    assert ROW.says_the_same_as(replace(ROW, name="x", template="t2", tokens=7))
    assert not ROW.says_the_same_as(OTHER_ROW)
    assert not ROW.says_the_same_as(replace(ROW, text_sha256="other words"))
    assert not ROW.says_the_same_as(None)


# --- what was deleted -------------------------------------------------------------------------------------------


def test_a_deleted_half_is_remembered_under_its_name_and_generation() -> None:
    pair = WHOLE.without_erased(AUDIO, NOW)
    assert (pair.audio, pair.state, pair.erased, pair.erased_halves) == (None, PairState.WAITING, (AUDIO,), 1)
    assert pair.has_erased(AUDIO)
    assert not pair.has_erased(replace(AUDIO, generation=AUDIO.generation + 1))
    assert not pair.has_erased(TEXT)


def test_a_newer_half_outlives_the_deletion_of_an_older_one() -> None:
    newer = replace(AUDIO, generation=AUDIO.generation + 1)
    pair = WHOLE.with_half(newer).without_erased(AUDIO, NOW)
    assert pair.audio == newer


def test_what_it_said_is_to_be_forgotten_once_a_half_is_deleted() -> None:
    assert not ACCEPTED.to_forget
    pair = ACCEPTED.without_erased(TEXT, NOW)
    assert pair.to_forget
    assert [(each.audio_sha256, each.text_sha256, each.templates) for each in pair.past] == [
        (ROW.audio_sha256, ROW.text_sha256, (ROW.template,))
    ]
    assert (pair.forgotten().past, pair.forgotten().to_forget) == ((), False)


def test_what_was_never_accepted_leaves_nothing_to_forget() -> None:
    assert not WHOLE.without_erased(TEXT, NOW).to_forget


def test_each_cut_leaves_a_stay_of_what_it_took_or_that_it_took_it_out() -> None:
    taken = TAKEN
    out = taken.without_erased(TEXT, NOW).taken_into("r000003", NOW)
    assert [(stay.run, stay.audio, stay.split) for stay in out.stays] == [
        ("r000001", AUDIO, Split.TRAIN),
        ("r000003", None, None),
    ]
