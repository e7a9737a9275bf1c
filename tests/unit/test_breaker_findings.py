"""What the breaker looks for at the end is found where it is: a checker that finds nothing proves nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from copy import deepcopy
from dataclasses import dataclass, field

import pytest

from attune.domain.names import pair_id
from attune_local.stack.inbox import Received
from breaker.findings import World, check
from breaker.outside import Fields

MARKER = "zq7v"
SOUND = b"RIFF sound"
PROMPT = "Write it down."
IDS = sorted(pair_id("alpha", path) for path in ("one", "two"))
PATHS = {pair_id("alpha", path): path for path in ("one", "two")}


def text(path: str) -> str:
    return f"it says {path}"


def row(path: str) -> bytes:
    data = {"mime_type": "audio/wav", "data": b64encode(SOUND + path.encode()).decode()}
    turns = [
        {"role": "user", "parts": [{"text": PROMPT}, {"inline_data": data}]},
        {"role": "model", "parts": [{"text": text(path)}]},
    ]
    return (json.dumps({"contents": turns}, separators=(",", ":")) + "\n").encode()


@dataclass(slots=True)
class Bucket:
    """A small world in which all is well: two pairs of one dataset, a run of each dataset, an alias."""

    objects: dict[str, bytes] = field(
        default_factory=lambda: {
            f"alpha/{path}{ending}": data
            for path in PATHS.values()
            for ending, data in ((".wav", SOUND + path.encode()), (".txt", f"{text(path)}\n".encode()))
        }
    )
    files: dict[str, bytes] = field(
        default_factory=lambda: {"runs/alpha/r000001/train.jsonl": b"".join(row(PATHS[each]) for each in IDS)}
    )
    kept: dict[tuple[str, ...], dict[str, Fields]] = field(default_factory=dict)
    service: list[Fields] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=lambda: [b"a line"])

    def __post_init__(self) -> None:
        for dataset in ("alpha", "beta", "gamma"):
            job = f"jobs/{dataset}"
            states = [{"state": state} for state in ("opened", "running", "evaluating", "promoted")]
            self.kept["datasets", dataset, "runs"] = {
                "r000001": {
                    "state": "promoted",
                    "job": job,
                    "endpoint": f"endpoints/{dataset}",
                    "history": states,
                    "recipe": {"row_format": "inline_data", "prompt": PROMPT},
                }
            }
            self.kept["datasets", dataset, "pairs"] = {}
            minute = len(self.service)
            times = {"createTime": f"2026-01-01T00:0{minute}:00Z", "endTime": f"2026-01-01T00:0{minute + 1}:00Z"}
            self.service.append({"name": job, "labels": {"attune_run": f"{dataset}-r000001"}, **times})
            self.kept["aliases", dataset, "history"] = {
                "000001": {"current": {"run": "r000001", "endpoint": f"endpoints/{dataset}"}}
            }
        self.kept["datasets", "alpha", "pairs"] = {
            each: {
                "split": "train",
                "audio": {"name": f"alpha/{path}.wav", "generation": 1},
                "transcript": {"name": f"alpha/{path}.txt", "generation": 1},
            }
            for each, path in PATHS.items()
        }
        self.kept["aliases",] = {each: {"serial": 1} for each in ("alpha", "beta", "gamma")}
        ledger = {"listed": 4, "accepted": 4, "waiting": 0, "rejected": 0, "ignored": 0, "superseded": 0, "gap": 0}
        self.kept["ledgers",] = {"alpha": ledger}

    def intake(self) -> dict[str, int]:
        return dict.fromkeys(self.objects, 1)

    def uploaded(self, name: str) -> bytes:
        return self.objects[name]

    def made(self, name: str) -> bytes:
        return self.files.get(name, b"")

    def documents(self, *path: str) -> dict[str, Fields]:
        return deepcopy(self.kept.get(path, {}))

    def jobs(self) -> list[Fields]:
        return self.service

    def log_lines(self) -> list[bytes]:
        return self.lines


@dataclass(slots=True)
class Reader:
    moves: dict[str, list[str]] = field(default_factory=lambda: {"alpha": ["r000001"]})
    endpoints: dict[str, set[str]] = field(default_factory=lambda: {"alpha": {"endpoints/alpha"}})


def announcements() -> list[Received]:
    kinds = ("dataset.v1.thresholdReached", "run.v1.started", "run.v1.succeeded", "alias.v1.promoted")
    return [
        Received(
            f"{dataset}{kind}",
            {"ce-dataset": dataset, "ce-type": f"dev.attune.{kind}", "ce-id": f"{dataset}{kind}"},
            b'{"run": "r000001"}',
        )
        for dataset in ("alpha", "beta", "gamma")
        for kind in kinds
    ]


def broken(bucket: Bucket, reader: Reader | None = None, told: list[Received] | None = None) -> set[str]:
    """What is found to be broken."""
    heard = announcements() if told is None else told
    return {each.name for each in check(World.seen(bucket), reader or Reader(), heard, MARKER) if not each.holds}


def test_where_all_is_well_nothing_is_found() -> None:
    assert broken(Bucket()) == set()


def test_an_object_that_is_in_no_state_is_a_gap() -> None:
    bucket = Bucket()
    bucket.kept["datasets", "alpha", "pairs"][IDS[0]]["audio"] = None
    assert "gap" in broken(bucket)


def test_a_half_that_is_gone_from_the_bucket_is_a_gap() -> None:
    bucket = Bucket()
    bucket.kept["datasets", "alpha", "pairs"][IDS[0]]["audio"]["generation"] = 2
    assert "gap" in broken(bucket)


@pytest.mark.parametrize("fields", [{"gap": 1}, {"accepted": 3}, {"listed": 5, "accepted": 5}])
def test_a_ledger_that_does_not_add_up_is_found(fields: Fields) -> None:
    bucket = Bucket()
    bucket.kept["ledgers",]["alpha"].update(fields)
    assert broken(bucket) == {"ledger"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([IDS[0]], {"lost", "not canonical"}),
        ([IDS[0], IDS[1], IDS[1]], {"duplicated", "not canonical"}),
        ([IDS[1], IDS[0]], {"not canonical"}),
    ],
)
def test_rows_that_are_lost_twice_or_in_another_order_are_found(rows: list[str], found: set[str]) -> None:
    bucket = Bucket()
    bucket.files["runs/alpha/r000001/train.jsonl"] = b"".join(row(PATHS[each]) for each in rows)
    assert broken(bucket) == found


def test_a_row_with_the_words_of_an_older_generation_is_lost() -> None:
    bucket = Bucket()
    bucket.objects["alpha/one.txt"] = b"it says something else\n"
    assert broken(bucket) == {"lost", "not canonical"}


def test_a_second_job_of_a_run_is_found() -> None:
    bucket = Bucket()
    bucket.service.append(bucket.service[0] | {"name": "jobs/again"})
    assert broken(bucket) == {"jobs per run", "stray jobs", "jobs at once"}


def test_jobs_that_overlap_are_found() -> None:
    bucket = Bucket()
    bucket.service[0]["endTime"] = "2026-01-01T00:01:30Z"
    assert broken(bucket) == {"jobs at once"}


def test_an_endpoint_that_no_run_was_promoted_with_is_found_where_a_reader_saw_it() -> None:
    assert broken(Bucket(), Reader(endpoints={"alpha": {"endpoints/other"}})) == {"alias violations"}


def test_an_alias_that_went_back_is_found_where_a_reader_saw_it() -> None:
    assert broken(Bucket(), Reader(moves={"alpha": ["r000002", "r000001"]})) == {"alias violations"}


def test_an_alias_that_went_back_is_found_in_its_history() -> None:
    bucket = Bucket()
    moves = bucket.kept["aliases", "alpha", "history"]
    bucket.kept["aliases",]["alpha"]["serial"] = 2
    moves["000002"] = moves["000001"]
    assert broken(bucket) == {"alias violations"}


def test_a_move_without_history_is_found() -> None:
    bucket = Bucket()
    bucket.kept["aliases",]["alpha"]["serial"] = 2
    assert broken(bucket) == {"alias violations"}


@pytest.mark.parametrize("at", range(12))
def test_a_transition_that_nobody_was_told_of_is_found(at: int) -> None:
    told = announcements()
    del told[at]
    assert broken(Bucket(), told=told) == {"untold"}


def test_an_id_with_two_contents_is_found() -> None:
    told = announcements()
    told.append(Received("again", told[0].attributes, b'{"run": "r000001", "rows": 2}'))
    assert broken(Bucket(), told=told) == {"ids with two contents"}


@pytest.mark.parametrize("line", [f"it says {MARKER}one".encode(), b'{"message": "zq7v"}'])
def test_a_word_of_a_transcript_in_a_log_is_found(line: bytes) -> None:
    assert broken(Bucket(lines=[line])) == {"markers in logs"}


def test_a_word_of_a_transcript_in_a_message_is_found() -> None:
    told = announcements()
    told.append(Received("again", {**told[0].attributes, "ce-id": "x"}, f'{{"run": "{MARKER}"}}'.encode()))
    assert broken(Bucket(), told=told) == {"markers in logs"}
