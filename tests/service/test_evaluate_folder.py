"""A folder's pairs put to models from a person's machine: what is asked, what is kept, and what ends it."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attune.adapters.ear import LibraryEar
from attune.config import Settings
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer
from attune.domain.row import RowFormat
from attune.errors import BusyError, DamagedError, GoneError, QuotaError, VanishedError
from attune.services.evaluate import folder as folders
from attune.services.evaluate.folder import Chosen, PairFolder
from attune.services.evaluate.interview import Answers, Interview
from attune.services.evaluate.kept import kept_in
from folders import SENTENCES, good, put, voice

ONE = Contender(Role.CHALLENGER, "one", "one-1")
OTHER = Contender(Role.CHAMPION, "other", "other-1")


def clock() -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC)


def pairs_in(folder: Path, **settings: object) -> PairFolder:
    return PairFolder(folder, Settings.model_validate(settings), LibraryEar())


@dataclass
class Respondent:
    """Answers with a digit more each time; `trouble` is raised first, for the calls that it names."""

    trouble: Mapping[int, Exception] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, target: str, row: bytes) -> Answer:  # noqa: ARG002 - any question will do
        with self.lock:
            self.calls[target] += 1
            asked = self.calls.total()
        if asked in self.trouble:
            raise self.trouble[asked]
        return Answer(f"answer {asked}", 0.5, 7, 3, finish="STOP")


@contextmanager
def interview(
    folder: Path,
    respondent: Respondent,
    told: Callable[[int], None] = lambda _: None,
    at_once: int = 1,
) -> Iterator[Callable[[], Answers]]:
    """What asks the folder's pairs, and keeps the answers beside the folder."""
    pairs = pairs_in(folder)
    chosen = pairs.choose(100)
    with kept_in(folder.parent / "kept.jsonl", clock) as kept:
        answering = {"one": respondent, "other": respondent}
        asks = Interview(answering, lambda each: pairs.question(each, chosen), kept, at_once, told, pauses=(0.0, 0.0))
        yield lambda: asks(chosen.examples, (ONE, OTHER))


def asked_of(folder: Path, **settings: object) -> tuple[list[dict[str, object]], Chosen]:
    """The parts of the first question."""
    pairs = pairs_in(folder, **settings)
    chosen = pairs.choose(1)
    row = json.loads(pairs.question(chosen.examples[0], chosen))
    assert row["contents"][-1] == {"role": "model", "parts": [{"text": ""}]}
    return row["contents"][0]["parts"], chosen


# --- what is asked -----------------------------------------------------------------------------------------------


def test_every_good_pair_at_any_depth_is_an_example_with_its_text(tmp_path: Path) -> None:
    put(tmp_path, "b/deep/er", voice(1), SENTENCES[1])
    put(tmp_path, "a", voice(2, ".mp3"), SENTENCES[2], ".mp3")
    chosen = pairs_in(tmp_path).choose(100)
    assert [(each.path, each.reference) for each in chosen.examples] == [
        ("a", SENTENCES[2]),
        ("b/deep/er", SENTENCES[1]),
    ]
    assert chosen.examples[1].seconds == pytest.approx(2.01)
    assert (chosen.pairs, chosen.left_out) == (2, {})


def test_a_question_carries_the_recording_before_or_after_the_prompt_as_the_row_format_has_it(tmp_path: Path) -> None:
    good(tmp_path, 1)
    sound = {"inlineData": {"mimeType": "audio/wav", "data": base64.b64encode(voice(0)).decode()}}
    prompt = {"text": "Write it down."}
    assert asked_of(tmp_path, prompt="Write it down.", row_format="file_uri")[0] == [sound, prompt]
    assert asked_of(tmp_path, prompt="Write it down.", row_format="inline_data")[0] == [prompt, sound]


def test_the_text_is_no_part_of_the_question_and_everything_else_is_part_of_its_name(tmp_path: Path) -> None:
    good(tmp_path, 1)
    row = asked_of(tmp_path)[1].examples[0].row
    (tmp_path / "call-000.txt").write_text("Other words, now.")
    assert asked_of(tmp_path)[1].examples[0].row == row
    others = (
        {"prompt": "Write it down."},
        {"row_format": RowFormat.INLINE_DATA},
        {"system_instruction": "You are a clerk."},
    )
    assert len({row, *(asked_of(tmp_path, **settings)[1].examples[0].row for settings in others)}) == 4


def test_a_task_s_pairs_are_asked_with_its_prompt(tmp_path: Path) -> None:
    put(tmp_path, "mood/one", voice(1), "calm")
    tasks = {"mood": {"kind": "classification", "prompt": "Which mood?", "labels": ["calm", "cross"]}}
    parts, chosen = asked_of(tmp_path, tasks=tasks)
    assert parts[-1] == {"text": "Which mood?"}
    assert (chosen.examples[0].task, chosen.examples[0].kind) == ("mood", "classification")


def test_a_refused_pair_is_left_out_and_counted(tmp_path: Path) -> None:
    put(good(tmp_path, 2), "empty", b"", SENTENCES[9])
    chosen = pairs_in(tmp_path).choose(100)
    assert (len(chosen.examples), chosen.pairs, chosen.left_out) == (2, 3, {folders.REFUSED: 1})


def test_a_recording_that_is_too_large_for_a_question_is_left_out_and_counted(tmp_path: Path) -> None:
    put(good(tmp_path, 1), "large", bytes(14_300_000), SENTENCES[9])
    assert pairs_in(tmp_path).choose(100).left_out == {folders.TOO_LARGE: 1}


def test_a_growing_folder_keeps_most_of_the_chosen(tmp_path: Path) -> None:
    before = {each.pair for each in pairs_in(good(tmp_path, 8)).choose(4).examples}
    after = {each.pair for each in pairs_in(good(tmp_path, 10)).choose(4).examples}
    assert len(before) == len(after) == 4
    assert len(before & after) >= 2


def test_a_recording_that_changed_after_it_was_chosen_is_not_asked(tmp_path: Path) -> None:
    pairs = pairs_in(good(tmp_path, 1))
    chosen = pairs.choose(1)
    (tmp_path / "call-000.wav").write_bytes(voice(7))
    with pytest.raises(GoneError, match="call-000: its recording has changed"):
        pairs.question(chosen.examples[0], chosen)
    (tmp_path / "call-000.wav").unlink()
    with pytest.raises(GoneError, match="call-000: its recording cannot be read"):
        pairs.question(chosen.examples[0], chosen)


# --- what is kept ------------------------------------------------------------------------------------------------


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    folder, first, second = good(tmp_path / "set", 3), Respondent(), Respondent()
    with interview(folder, first) as ask:
        answers = ask()
    with interview(folder, second) as ask:
        assert ask() == answers
    assert (first.calls, second.calls) == (Counter(one=3, other=3), Counter())


def test_answers_are_their_owner_s_alone(tmp_path: Path) -> None:
    with interview(good(tmp_path / "set", 1), Respondent()) as ask:
        ask()
    assert (tmp_path / "kept.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("at_once", [1, 4])
def test_what_was_answered_before_the_end_is_kept(tmp_path: Path, at_once: int) -> None:
    folder, gone = good(tmp_path / "set", 4), {5: VanishedError("other does not answer")}
    broken, after = Respondent(gone), Respondent()
    with interview(folder, broken, at_once=at_once) as ask, pytest.raises(VanishedError):
        ask()
    kept = broken.calls.total() - 1
    with interview(folder, after, at_once=at_once) as ask:
        ask()
    assert after.calls.total() == 8 - kept


def test_ctrl_c_keeps_what_was_answered(tmp_path: Path) -> None:
    def stops_at_three(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    folder, broken, after = good(tmp_path / "set", 3), Respondent(), Respondent()
    with interview(folder, broken, stops_at_three) as ask, pytest.raises(KeyboardInterrupt):
        ask()
    assert broken.calls.total() >= 3
    with interview(folder, after) as ask:
        ask()
    assert broken.calls.total() + after.calls.total() == 6


@pytest.mark.parametrize("bytes_of_it", [1, 4, 30])
def test_a_line_that_was_half_written_is_asked_again(tmp_path: Path, bytes_of_it: int) -> None:
    folder, after, file = good(tmp_path / "set", 2), Respondent(), tmp_path / "kept.jsonl"
    with interview(folder, Respondent()) as ask:
        ask()
    *whole, last = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*whole, last[:bytes_of_it]]))
    with interview(folder, after) as ask:
        assert len(ask()["other"]) == 2
    assert after.calls.total() == 1
    assert len(file.read_bytes().splitlines()) == 4


@pytest.mark.parametrize("text", ["a note", "a note\n", "{}\n", '{"key": "k"}\n', "[]\n"])
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "note.txt"
    file.write_text(text)
    with pytest.raises(DamagedError, match="is no answer: give another file"), kept_in(file, clock):
        pass
    assert file.read_text() == text


def test_two_commands_do_not_write_into_one_file(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    with kept_in(file, clock), pytest.raises(BusyError, match="--answers"), kept_in(file, clock):
        pass


def test_another_model_behind_the_same_endpoint_is_asked_anew(tmp_path: Path) -> None:
    pairs, respondent = pairs_in(good(tmp_path / "set", 1)), Respondent()
    chosen = pairs.choose(1)
    with kept_in(tmp_path / "kept.jsonl", clock) as kept:
        asks = Interview({"one": respondent}, lambda each: pairs.question(each, chosen), kept, 1, lambda _: None)
        for model in ("one-1", "one-2", "one-1"):
            asks(chosen.examples, (Contender(Role.CHALLENGER, "one", model),))
    assert respondent.calls["one"] == 2


# --- how it is asked ---------------------------------------------------------------------------------------------


def test_too_many_questions_are_waited_for_and_asked_again(tmp_path: Path) -> None:
    busy = QuotaError("one takes no more questions now")
    respondent = Respondent({1: busy, 2: busy, 4: busy})
    with interview(good(tmp_path / "set", 2), respondent) as ask:
        answers = ask()
    assert {target: len(by_pair) for target, by_pair in answers.items()} == {"one": 2, "other": 2}
    assert respondent.calls.total() == 4 + 3


def test_and_not_for_ever(tmp_path: Path) -> None:
    busy = QuotaError("one takes no more questions now")
    respondent = Respondent(dict.fromkeys(range(1, 100), busy))
    with interview(good(tmp_path / "set", 2), respondent) as ask, pytest.raises(QuotaError):
        ask()
    assert respondent.calls.total() == 3


def test_it_is_told_how_far_it_is(tmp_path: Path) -> None:
    heard: list[int] = []
    folder = good(tmp_path / "set", 2)
    for _ in range(2):
        with interview(folder, Respondent(), heard.append) as ask:
            ask()
    assert heard == [0, 1, 2, 3, 4, 4]
