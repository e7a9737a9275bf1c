"""Whatever order events come in, how often, at once or cut off by crashes: the same files, one row a pair, one job."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.domain.arrival import Departure
from attune.domain.pair import Due, PairState
from attune.domain.run import RunState
from attune.services.manifests import of_aliases, of_leases, of_outbox, of_sweeps
from attune_local.vertex.mischief import Kind, Mischief
from service.theatre import Director, Stage, naive_files, wav
from thoroughness import tries

SCHEDULES = tries(40, 2_000)
BROKEN = b"RIFF\x24\x00\x00\x00WAVEnothing"


@dataclass(frozen=True)
class Script:
    pairs: int
    threshold: int
    broken: int
    orphans: int
    overwritten: int
    crash_rate: float
    duplicate_rate: float
    at_once: int
    late_uploads: bool
    lost_answers: int
    deleted: int
    lost_rate: float
    seed: int


scripts = st.builds(
    Script,
    pairs=st.integers(1, 7),
    threshold=st.integers(1, 7),
    broken=st.integers(0, 2),
    orphans=st.integers(0, 1),
    overwritten=st.integers(0, 3),
    crash_rate=st.sampled_from([0.0, 0.02, 0.1]),
    duplicate_rate=st.sampled_from([0.0, 0.2, 0.5]),
    at_once=st.integers(1, 4),
    late_uploads=st.booleans(),
    lost_answers=st.integers(0, 1),
    deleted=st.integers(0, 2),
    lost_rate=st.sampled_from([0.0, 0.1, 0.5]),
    seed=st.integers(0, 2**32),
)


class Play:
    """A script acted out: what was uploaded, what should have come of it, and the stage afterwards."""

    def __init__(self, script: Script, stage: Stage) -> None:
        self.script = script
        self.dice = random.Random(script.seed)  # noqa: S311 - a schedule, not a secret
        self.stage = stage
        self.stage.deployment = stage.deployment.model_copy(update={"sweep_seconds": 60})
        self.stage.write_settings(threshold=script.threshold, row_format="inline_data")
        self.director = Director(self.stage, self.dice, script.crash_rate, script.at_once, script.duplicate_rate)
        self.good: dict[str, tuple[bytes, str]] = {}
        self.broken: set[str] = set()
        self.orphans: set[str] = set()
        self.deleted: set[str] = set()

    def run(self) -> None:
        uploads = self._uploads()
        if self.script.lost_answers:
            self.stage.engine.misbehave(Mischief(Kind.LOSE_ANSWER))
        rounds = 3 if self.script.late_uploads else 1
        size = -(-len(uploads) // rounds)
        for chosen in (uploads[start : start + size] for start in range(0, len(uploads), size)):
            events = [self._happens(name, data) for name, data in chosen]
            self.director.pending += [event for event in events if self.dice.random() >= self.script.lost_rate]
            self.director.pending += [("watch", None)] * 2
            self.director.play()
        self._finish()

    def _happens(self, name: str, data: bytes | None) -> tuple[str, Any]:
        """Uploads or deletes an object, and returns what its event tells."""
        if data is not None:
            return ("object", self.stage.upload(name, data))
        return ("gone", Departure(name, self.stage.delete(name)))

    def _uploads(self) -> list[tuple[str, bytes | None]]:
        """First and later versions of every file, in an order where only a file's own versions keep theirs."""
        files: list[list[tuple[str, bytes | None]]] = []
        for index in range(self.script.pairs):
            path = f"speaker {index % 3}/clip #{index}"
            audio, text = wav(seed=index), f"it says “{index}”\n"
            self.good[path] = (audio, text.strip())
            versions: list[tuple[str, bytes | None]] = [(f"d/{path}.wav", audio)]
            if index < self.script.overwritten:
                versions.insert(0, (f"d/{path}.wav", wav(seed=1000 + index)))
            files += [versions, [(f"d/{path}.txt", text.encode())]]
        for index in range(self.script.broken):
            self.broken.add(f"bad{index}")
            files += [[(f"d/bad{index}.wav", BROKEN)], [(f"d/bad{index}.txt", b"it says nothing")]]
        for index in range(self.script.deleted):
            self.deleted.add(f"gone{index}")
            files += [[(f"d/gone{index}.wav", wav(seed=500 + index)), (f"d/gone{index}.wav", None)]]
            files += [[(f"d/gone{index}.txt", f"it was {index}".encode()), (f"d/gone{index}.txt", None)]]
        for index in range(self.script.orphans):
            self.orphans.add(f"alone{index}")
            files.append([(f"d/alone{index}.txt", b"nobody said this")])
        order = [at for at, versions in enumerate(files) for _ in versions]
        self.dice.shuffle(order)
        return [files[at].pop(0) for at in order]

    def _finish(self) -> None:
        """Quiet, then one last pair under a threshold of one: its run must hold all that was ever accepted."""
        self.stage.pass_time(2000)
        self.stage.settle()
        self.stage.write_settings(threshold=1, row_format="inline_data")
        self.good["the last"] = (wav(seed=99), "the last")
        for name, data in (("d/the last.wav", wav(seed=99)), ("d/the last.txt", b"the last")):
            self.stage.ingest(self.stage.upload(name, data))
        self.stage.settle()


@pytest.mark.timeout(3_600)
@settings(max_examples=SCHEDULES, deadline=None)
@given(scripts)
def test_any_schedule_ends_in_the_same_files_one_row_a_pair_and_one_job_a_run(script: Script) -> None:
    play = Play(script, Stage())
    play.run()
    check(play)


def check(play: Play) -> None:
    check_pairs(play)
    check_files(play)
    check_jobs(play)
    check_announcements(play)


def check_pairs(play: Play) -> None:
    for path in play.good:
        pair = play.stage.pair(path)
        assert (pair.state, pair.due) == (PairState.ACCEPTED, Due.NOTHING), path
    for path in play.broken:
        pair = play.stage.pair(path)
        assert pair.state is PairState.REJECTED
        assert [reason.code for reason in pair.reasons] == ["audio_unreadable"]
    for path in play.orphans:
        assert play.stage.pair(path).state is PairState.WAITING
    left = [pair for pair in play.stage.pairs() if pair.path not in play.deleted]
    assert len(left) == len(play.good) + len(play.broken) + len(play.orphans)
    for pair in (play.stage.pair(path) for path in play.deleted):
        assert pair is None or (pair.state, pair.to_forget) == (PairState.ERASED, False)
    assert play.stage.documents.get(of_sweeps.ledger("d")).value.gap == 0


def check_files(play: Play) -> None:
    expected = naive_files("d", play.good)
    last = play.stage.runs()[-1]
    assert play.stage.file(last, "train") == expected["train"]
    assert play.stage.file(last, "validation") == expected["validation"]
    for run in play.stage.runs():
        rows = play.stage.file(run, "train").splitlines() + play.stage.file(run, "validation").splitlines()
        lines = play.stage.file(run, "manifest").splitlines()
        if play.deleted & {json.loads(line)["pair"] for line in lines}:
            assert rows == []  # what was erased is in no file of an ended run
        else:
            assert len(rows) == len(set(rows)) == len(lines)


def check_jobs(play: Play) -> None:
    runs = [run for run in play.stage.runs() if run.state is not RunState.CANCELLED]
    jobs = [record.job for record in play.stage.engine.jobs()]
    assert sorted(job.request.labels["attune_run"] for job in jobs) == sorted(run.label for run in runs)
    assert {run.job for run in runs} == {job.name for job in jobs}
    assert {run.state for run in runs} <= {RunState.PROMOTED, RunState.REJECTED}
    alias = play.stage.documents.get(of_aliases.alias("d"))
    assert alias is not None
    assert alias.value.current.run == runs[-1].id
    assert not play.stage.documents.find(of_leases.all_slots())
    assert not play.stage.documents.find(of_outbox.waiting_messages())


def check_announcements(play: Play) -> None:
    told = {(message.type.rpartition(".")[2], message.data["run"]) for message in play.stage.post.sent}
    for run in play.stage.runs():
        expected = {"thresholdReached", "launchTuning"}
        if run.state is not RunState.CANCELLED:
            expected |= {"started", "succeeded"}
        if run.state is RunState.PROMOTED:
            expected.add("promoted")
        assert {(name, run.id) for name in expected} <= told
    ids: dict[str, set[str]] = {}
    for message in play.stage.post.sent:
        ids.setdefault(message.id, set()).add(f"{message.type} {message.subject} {sorted(message.data.items())}")
    assert all(len(said) == 1 for said in ids.values())
