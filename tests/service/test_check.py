"""A folder is judged as its files would be on arrival, whoever does how much of it, and nothing of it is changed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from attune import bootstrap
from attune.adapters.ear import LibraryEar
from attune.cli.check_json import as_json
from attune.config import Settings, read_settings
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from attune.domain.split import Split
from attune.ports import Ear
from attune.services.check.check import check
from attune.services.check.checked import Checked, Judged, State
from attune.services.check.crew import Crew
from attune.services.check.folder import listing, walk
from attune.services.check.look import Place, Repairs
from attune.services.check.planned import planned
from folders import SENTENCES, good, put, voice
from service.theatre import Stage
from sounds import encoded, joined, silence, speech

MOOD = {"kind": "classification", "prompt": "Which mood?", "labels": ["angry", "calm"]}
ORDER = {"kind": "json", "prompt": "What is ordered?", "json_schema": {"type": "object", "required": ["dish"]}}
LATER = {"transcript_casing", "transcript_punctuation"}  # on arrival the others are those of the last report


def settings_of(**fields: object) -> Settings:
    read = read_settings({}, fields)
    assert isinstance(read, Settings)
    return read


def judged(
    folder: Path, jobs: int = 1, repairs: Repairs | None = None, ear: Ear | None = None, **fields: Any
) -> Checked:
    place = Place(folder, "d", settings_of(**fields), ear or LibraryEar(), repairs)
    return check(listing("d", walk(folder)), place, jobs, lambda _done: None)


def by_path(checked: Checked) -> dict[str, Judged]:
    return {pair.path: pair for pair in checked.judged}


def codes(pair: Judged) -> set[str]:
    return {finding.code for finding in pair.findings}


def told(checked: Checked) -> dict[str, Any]:
    """The JSON document without what differs between two checks of the same files."""
    document: dict[str, Any] = json.loads(as_json(checked, planned(checked, Settings(), "bucket"), "bucket"))
    del document["took"]
    return document


def mixed(folder: Path) -> Path:
    """Good pairs, and one of every kind that is not."""
    good(folder, 12)
    put(folder, "same/recording", voice(3), SENTENCES[50])
    put(folder, "same/recording again", voice(3), SENTENCES[51])
    put(folder, "same/words", voice(60), SENTENCES[4].upper())
    put(folder, "same/words again", voice(61), f"  {SENTENCES[4]}\r\n")
    put(folder, "bad/empty", b"", SENTENCES[52])
    put(folder, "bad/cut", voice(62)[:-2000], SENTENCES[53])
    put(folder, "bad/nothing said", voice(63), " \n")
    put(folder, "bad/not text", voice(64), b"\xff\xfe\xfd")
    put(folder, "bad/silent", encoded(".wav", silence(2)), SENTENCES[54])
    put(folder, "bad/both", b"RIFF", b"\xff")
    put(folder, "odd/late", encoded(".wav", joined(silence(3), speech(2))), SENTENCES[55])
    put(folder, "odd/narrow", encoded(".wav", speech(2, rate=8000), 8000), SENTENCES[56])
    put(folder, "odd/marked", voice(65), b"\xef\xbb\xbf" + SENTENCES[57].encode())
    put(folder, "odd/tagged", voice(66), f"<b>{SENTENCES[58]}</b>")
    put(folder, "mood/a", voice(67), "angry\n")
    put(folder, "mood/b", voice(68), "furious")
    put(folder, "mood/the same recording", voice(5), "calm")
    put(folder, "order/a", voice(69), '{"dish":   "soup"}')
    put(folder, "order/b", voice(70), '{"table": 4}')
    for number, ending in enumerate((".flac", ".mp3", ".m4a", ".aac")):
        put(folder, f"other/{ending[1:]}", voice(80 + number, ending), SENTENCES[60 + number], ending)
    put(folder, "other/wrong", voice(84), SENTENCES[64], ".mp3")
    return folder


@dataclass(frozen=True)
class Arrived:
    """What became of the same files in the bucket, in the order of their pairs' ids."""

    stage: Stage

    @classmethod
    def of(cls, folder: Path, **fields: object) -> Arrived:
        stage = Stage()
        stage.write_settings(threshold=10_000, **fields)
        ingest = bootstrap.ingest(replace(stage.ports(), ear=LibraryEar))
        for couple in listing("d", walk(folder)).couples:
            for half in (couple.audio, couple.transcript):
                ingest(stage.upload(half.name, (folder / half.name.removeprefix("d/")).read_bytes()))
        return cls(stage)

    def verdicts(self) -> dict[str, tuple[str, set[str], Split | None]]:
        return {
            pair.path: (
                str(pair.state),
                {finding.code for finding in (*pair.reasons, *pair.remarks)} - LATER,
                pair.split if pair.row else None,
            )
            for pair in self.stage.pairs()
        }


def verdicts(checked: Checked) -> dict[str, tuple[str, set[str], Split | None]]:
    return {
        pair.path: ("accepted" if pair.is_in else "rejected", codes(pair) - LATER, pair.split)
        for pair in checked.judged
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"validation_fraction": 0.5},
        {"tasks": {"mood": MOOD, "order": ORDER}, "validation_fraction": 0.5},
        {"group_by": "^[^/]+/", "validation_fraction": 0.5},
        {"transcripts": {"casing": "lower"}, "row_format": "inline_data"},
        {"quality": {"severities": {"audio_narrowband": "refused", "transcript_duplicate": "refused"}}},
        {"quality": {"severities": {"transcript_across_hold_out": "look"}}, "validation_fraction": 0.5},
        {"quality": {"max_audio_bytes": 40_000, "max_transcript_bytes": 60}},
    ],
    ids=["defaults", "halves", "tasks", "groups", "manner", "stricter", "laxer", "smaller"],
)
def test_a_pair_has_the_verdict_that_it_would_have_on_arrival(tmp_path: Path, fields: Mapping[str, Any]) -> None:
    mixed(tmp_path)
    assert verdicts(judged(tmp_path, **fields)) == Arrived.of(tmp_path, **fields).verdicts()


def test_a_row_weighs_what_it_would_in_the_bucket(tmp_path: Path) -> None:
    checked, arrived = judged(mixed(tmp_path)), Arrived.of(tmp_path)
    rows = {pair.path: pair.row for pair in arrived.stage.pairs() if pair.row}
    materials = {pair.path: pair.material for pair in checked.judged if pair.is_in and pair.material}
    assert {path: (row.weight, row.tokens, row.seconds) for path, row in rows.items()} == {
        path: (material.weight, material.tokens, material.seconds) for path, material in materials.items()
    }


@pytest.mark.parametrize("row_format", ["file_uri", "inline_data"])
def test_the_plan_has_the_bytes_that_the_rows_in_the_bucket_have(tmp_path: Path, row_format: str) -> None:
    fields: dict[str, Any] = {"validation_fraction": 0.4, "row_format": row_format}
    plan = planned(judged(mixed(tmp_path), **fields), settings_of(**fields), "datasets")
    pairs = [pair for pair in Arrived.of(tmp_path, **fields).stage.pairs() if pair.row]
    train, validation = ([pair.row for pair in pairs if pair.split is split] for split in Split)
    assert (plan.rows, plan.train_bytes) == (len(train), sum(row.size for row in train))
    assert (plan.validation_rows, plan.validation_bytes) == (len(validation), sum(row.size for row in validation))
    assert plan.tokens == sum(row.tokens for row in train)


def test_a_plan_that_is_over_a_limit_says_so(tmp_path: Path) -> None:
    checked = judged(good(tmp_path, 4), validation_fraction=0)
    assert planned(checked, settings_of(validation_fraction=0), "b").over == ()
    (over,) = planned(checked, settings_of(adapter_size=16, base_model="gemini-2.5-pro"), "b").over
    assert "adapter_size 16" in over


def test_how_many_processes_look_changes_nothing(tmp_path: Path) -> None:
    mixed(tmp_path)
    assert told(judged(tmp_path, jobs=1)) == told(judged(tmp_path, jobs=2)) == told(judged(tmp_path, jobs=5))


def test_of_two_pairs_with_one_recording_the_first_in_the_order_of_ids_has_it(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        put(tmp_path, name, voice(1), SENTENCES[ord(name)])
    pairs = by_path(judged(tmp_path))
    first, *others = (couple.path for couple in listing("d", walk(tmp_path)).couples)
    assert pairs[first].state is State.ACCEPTED
    assert all(codes(pairs[other]) == {"audio_duplicate"} for other in others)


def test_the_two_recordings_of_one_size_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path, "a", encoded(".wav", speech(2, room=0.001)), SENTENCES[1])
    put(tmp_path, "b", encoded(".wav", speech(2, room=0.002)), SENTENCES[2])
    assert [codes(pair) for pair in judged(tmp_path).judged] == [set(), set()]


def test_what_is_written_unlike_the_others_is_to_be_looked_at(tmp_path: Path) -> None:
    good(tmp_path, 60)
    put(tmp_path, "shouted", voice(70), SENTENCES[70].upper())
    pairs = by_path(judged(tmp_path))
    assert "transcript_casing" in codes(pairs["shouted"])
    assert sum(bool(pair.findings) for pair in pairs.values()) == 1


def test_the_severity_of_what_is_unlike_the_others_is_the_datasets(tmp_path: Path) -> None:
    good(tmp_path, 60)
    put(tmp_path, "shouted", voice(70), SENTENCES[70].upper())
    refusing = judged(tmp_path, quality={"severities": {"transcript_casing": "refused"}})
    assert by_path(refusing)["shouted"].state is State.REFUSED
    assert by_path(refusing)["shouted"].split is None
    assert not by_path(judged(tmp_path, quality={"severities": {"transcript_casing": "off"}}))["shouted"].findings


def test_a_file_that_went_away_is_told_and_the_others_are_judged(tmp_path: Path) -> None:
    found = listing("d", walk(good(tmp_path, 3)))
    (tmp_path / "call-001.wav").unlink()
    checked = check(found, Place(tmp_path, "d", Settings(), LibraryEar()), 1, lambda _done: None)
    assert Counter(pair.state for pair in checked.judged) == {State.ACCEPTED: 2, State.UNREAD: 1}
    assert by_path(checked)["call-001"].fault == "No such file or directory"
    assert not checked.complete


def test_a_recording_over_the_size_limit_is_not_read(tmp_path: Path) -> None:
    good(tmp_path, 1)
    with (tmp_path / "call-000.wav").open("r+b") as file:
        file.truncate(40_000_000_000)  # nothing is written: the disk keeps a hole
    (pair,) = judged(tmp_path).judged
    assert codes(pair) == {"audio_too_large"}


class DeadlyEar(LibraryEar):
    """Dies over recordings that nothing is left of, as a process does for want of memory."""

    def listen(self, data: bytes, ending: str, limits: Limits) -> Heard | Finding:
        if data == b"deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().listen(data, ending, limits)


def test_a_process_that_dies_over_a_file_costs_that_file_alone(tmp_path: Path) -> None:
    good(tmp_path, 40)
    for name in ("call-007", "call-021"):
        put(tmp_path, name, b"deadly", None)
    pairs = by_path(judged(tmp_path, jobs=2, ear=DeadlyEar()))
    assert [path for path, pair in pairs.items() if pair.state is State.UNREAD] == ["call-007", "call-021"]
    assert "died" in (pairs["call-007"].fault or "")
    assert Counter(pair.state for pair in pairs.values()) == {State.ACCEPTED: 38, State.UNREAD: 2}


def deadly_sevens(chunk: tuple[int, ...]) -> list[int]:
    if any(number % 7 == 0 for number in chunk):
        os.kill(os.getpid(), signal.SIGKILL)
    return [number * number for number in chunk]


def lost(_number: int) -> int:
    return -1


def test_a_crew_does_everything_once_however_many_of_it_die() -> None:
    chunks = [tuple(range(start, start + 4)) for start in range(0, 40, 4)]
    done = list(Crew(deadly_sevens, lost, 3)(chunks))
    assert sorted(done) == [(number, -1 if number % 7 == 0 else number * number) for number in range(40)]


class Stillbirths:
    """Forks that die before they do anything, as they may where another library has threads: by their numbers."""

    def __init__(self, deadly: Callable[[int], bool], by: signal.Signals) -> None:
        self._deadly = deadly
        self._by = by
        self._forks = 0
        self.over = False
        os.register_at_fork(before=self._count, after_in_child=self._die)  # for good, so `over` disarms it

    def _count(self) -> None:
        self._forks += 1

    def _die(self) -> None:
        if not self.over and self._deadly(self._forks):
            os.kill(os.getpid(), self._by)


@contextmanager
def stillbirths(deadly: Callable[[int], bool], by: signal.Signals = signal.SIGKILL) -> Iterator[None]:
    among = Stillbirths(deadly, by)
    try:
        yield
    finally:
        among.over = True


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not forked")
@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_nothing_is_blamed_for_a_process_that_dies_before_it_has_begun(first: int) -> None:
    with stillbirths(lambda fork: fork % 4 == first % 4 or fork % 4 == (first + 1) % 4):
        done = list(Crew(deadly_sevens, lost, 2)([(6, 7, 8, 9), (11, 12)]))
    assert sorted(done) == [(6, 36), (7, -1), (8, 64), (9, 81), (11, 121), (12, 144)]


@pytest.fixture
def told_by_whom(tmp_path: Path) -> Iterator[Path]:
    """The processes that the handler for SIGTERM ran in, a line each; but for this one it ends them."""
    told, parent = tmp_path / "told", os.getpid()
    told.touch()

    def tell(_number: int, _frame: FrameType | None) -> None:
        with told.open("a") as lines:
            lines.write(f"{os.getpid()}\n")
        if os.getpid() != parent:
            os._exit(1)

    before = signal.signal(signal.SIGTERM, tell)
    yield told
    signal.signal(signal.SIGTERM, before)


def test_a_process_that_is_ended_as_it_begins_does_not_leave_in_the_name_of_its_parent(told_by_whom: Path) -> None:
    with stillbirths(lambda fork: fork % 4 in {1, 2}, by=signal.SIGTERM):
        done = list(Crew(deadly_sevens, lost, 2)([(6, 7, 8, 9), (11, 12)]))
    assert sorted(done) == [(6, 36), (7, -1), (8, 64), (9, 81), (11, 121), (12, 144)]
    assert told_by_whom.read_text() == ""
    os.kill(os.getpid(), signal.SIGTERM)
    assert told_by_whom.read_text() == f"{os.getpid()}\n"  # this process is as it was


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not forked")
def test_where_no_process_comes_to_work_it_is_said_and_nothing_is_blamed() -> None:
    with stillbirths(lambda _fork: True), pytest.raises(BrokenProcessPool, match="before they had begun"):
        list(Crew(deadly_sevens, lost, 2)([(1, 2)]))


@dataclass(frozen=True)
class DeadlyTwice:
    """The first process that has a thing, and the first that has it alone, die; another does not."""

    folder: Path

    def __call__(self, chunk: tuple[int, ...]) -> list[int]:
        marker = self.folder / f"{len(chunk)}"
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return [number * number for number in chunk]


def test_a_process_that_dies_once_over_a_thing_alone_is_not_held_against_it(tmp_path: Path) -> None:
    assert sorted(Crew(DeadlyTwice(tmp_path), lost, 2)([(2, 3), (4, 5)])) == [(2, 4), (3, 9), (4, 16), (5, 25)]


class Confused(LibraryEar):
    def listen(self, data: bytes, ending: str, limits: Limits) -> Heard | Finding:  # noqa: ARG002 - the port's signature
        raise ZeroDivisionError


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_rule_that_fails_says_over_which_pair(tmp_path: Path, jobs: int) -> None:
    good(tmp_path, 1)
    with pytest.raises(ZeroDivisionError) as failed:
        judged(tmp_path, jobs=jobs, ear=Confused())
    assert failed.value.__notes__ == ["It happened with the pair 'call-000'."]


def repairable(folder: Path) -> Path:
    """Two good pairs, and four whose transcripts are repaired."""
    good(folder, 2)
    put(folder, "deep/er/mark", voice(20), b"\xef\xbb\xbf" + SENTENCES[20].encode())
    put(folder, "utf 16", voice(21), SENTENCES[21].encode("utf-16"))
    put(folder, "line endings", voice(22), SENTENCES[22].replace(", ", ",\r\n", 1))
    put(folder, "noisy", encoded(".wav", speech(2.5, room=0.2)), f"{SENTENCES[23]}\r\n\r\n  \t{SENTENCES[24]}")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_repaired_transcripts_leave_nothing_to_repair(tmp_path: Path, jobs: int) -> None:
    source, out = repairable(tmp_path / "d"), tmp_path / "out"
    before = files(source)
    first = judged(source, jobs, Repairs(out))
    assert {pair.path for pair in first.judged if pair.repaired} == {"deep/er/mark", "utf 16", "line endings", "noisy"}
    assert set(files(out)) == {"deep/er/mark.txt", "utf 16.txt", "line endings.txt", "noisy.txt"}
    assert files(source) == before
    for name, data in files(out).items():
        (source / name).write_bytes(data)
    second = judged(source, jobs)
    assert not any(pair.repaired for pair in second.judged)
    assert [pair.split for pair in second.judged] == [pair.split for pair in first.judged]


def test_every_transcript_is_written_as_the_row_would_have_it_when_all_are_asked_for(tmp_path: Path) -> None:
    source, out = repairable(tmp_path / "d"), tmp_path / "out"
    checked = judged(source, repairs=Repairs(out, every=True), transcripts={"casing": "upper"})
    assert set(files(out)) == {pair.transcript for pair in checked.judged}
    assert files(out)["call-000.txt"].decode() == SENTENCES[0].upper()


def test_a_transcript_is_repaired_though_its_recording_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "d", "short", encoded(".wav", speech(0.05)), "\ufeffYes.")
    judged(tmp_path / "d", repairs=Repairs(tmp_path / "out"))
    assert files(tmp_path / "out") == {"short.txt": b"Yes."}
