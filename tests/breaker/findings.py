"""Check, from outside, what has to hold when all is quiet: numbers, each with what it should be."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Protocol

from attune.domain.names import Candidate, HalfKind, classify, dataset_key, pair_id
from attune_local.stack import plan
from attune_local.stack.inbox import Received
from breaker.corpus import BROKEN, DATASETS
from breaker.outside import Fields, Sight

_KIND = {HalfKind.AUDIO: "audio", HalfKind.TRANSCRIPT: "transcript"}
_STATES = ("accepted", "waiting", "rejected", "ignored", "superseded")
_OUTCOMES = {"promoted": "promoted", "rejected": "rejected", "failed": "failed", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A number, what it should be, and what was seen, in words."""

    name: str
    found: int
    wanted: int
    words: str

    @property
    def holds(self) -> bool:
        """Whether it is what it should be."""
        return self.found == self.wanted


class Reader(Protocol):
    """What was seen throughout: see `Sentinel`."""

    moves: dict[str, list[str]]
    endpoints: dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class World:
    """All that is there at the end."""

    outside: Sight
    intake: dict[str, int]
    pairs: dict[str, dict[str, Fields]]
    runs: dict[str, dict[str, Fields]]
    jobs: list[Fields]

    @classmethod
    def seen(cls, outside: Sight) -> World:
        """As it is now."""
        return cls(
            outside,
            outside.intake(),
            {dataset: outside.documents("datasets", dataset, "pairs") for dataset in DATASETS},
            {dataset: outside.documents("datasets", dataset, "runs") for dataset in DATASETS},
            outside.jobs(),
        )

    def good(self, dataset: str) -> dict[str, tuple[bytes, bytes]]:
        """The pairs of which both halves lie there and are good: recording and text, by their paths."""
        halves: dict[str, dict[HalfKind, str]] = {}
        for name in self.intake:
            found = classify(name)
            if isinstance(found, Candidate) and found.dataset == dataset:
                halves.setdefault(found.path, {})[found.kind] = name
        both = {path: each for path, each in halves.items() if len(each) == len(HalfKind)}
        read = {
            path: (self.outside.uploaded(each[HalfKind.AUDIO]), self.outside.uploaded(each[HalfKind.TRANSCRIPT]))
            for path, each in both.items()
        }
        return {path: (audio, text.strip()) for path, (audio, text) in read.items() if audio != BROKEN}


def check(world: World, reader: Reader, told: list[Received], marker: str) -> Iterator[Finding]:
    """Every invariant."""
    yield _gap(world)
    yield _published(world)
    lost, twice, other = Counter[str](), Counter[str](), 0
    for dataset in DATASETS:
        rows = _last_rows(world, dataset)
        wanted = _wanted_rows(world, dataset)
        lost[dataset] = sum((Counter(wanted) - Counter(rows)).values())
        twice[dataset] = len(rows) - len(set(rows))
        other += rows != wanted
    good = sum(len(world.good(dataset)) for dataset in DATASETS)
    yield Finding("lost", sum(lost.values()), 0, f"of {good} good pairs, rows that are not in the last run's files")
    yield Finding("duplicated", sum(twice.values()), 0, "rows that are in them twice")
    yield Finding("not canonical", other, 0, "datasets whose files differ from a plain loop's, byte by byte")
    yield from _jobs(world)
    yield _aliases(world, reader)
    yield from _announcements(world, told)
    yield _quiet(world, told, marker)


def _gap(world: World) -> Finding:
    """Every object in just one state, by its pair's document; and nothing there that is gone."""
    unaccounted = 0
    for name, generation in world.intake.items():
        found = classify(name)
        if not isinstance(found, Candidate):
            continue
        pair = world.pairs[found.dataset].get(pair_id(found.dataset, found.path))
        half = (pair or {}).get(_KIND[found.kind])
        unaccounted += half is None or half["generation"] < generation
    halves = [
        half
        for pairs in world.pairs.values()
        for pair in pairs.values()
        for kind in _KIND.values()
        if (half := pair[kind])
    ]
    vanished = sum(world.intake.get(half["name"]) != half["generation"] for half in halves)
    return Finding(
        "gap", unaccounted + vanished, 0, f"{len(world.intake)} objects, {unaccounted} in no state, {vanished} gone"
    )


def _published(world: World) -> Finding:
    """The published ledgers say the same."""
    ledgers = world.outside.documents("ledgers")
    wrong = sum(
        each["gap"] != 0 or sum(each[state] for state in _STATES) != each["listed"] for each in ledgers.values()
    )
    wrong += sum(each["listed"] for each in ledgers.values()) != len(world.intake)
    said = ", ".join(f"{name} {each['listed']} (gap {each['gap']})" for name, each in sorted(ledgers.items()))
    return Finding("ledger", wrong, 0, f"published ledgers that do not add up: {said}")


def _last(world: World, dataset: str) -> Fields:
    return world.runs[dataset][max(world.runs[dataset])]


def _last_rows(world: World, dataset: str) -> list[bytes]:
    folder = f"runs/{dataset_key(dataset)}/{max(world.runs[dataset])}"
    return [
        line
        for side in ("train", "validation")
        for line in world.outside.made(f"{folder}/{side}.jsonl").splitlines(keepends=True)
    ]


def _wanted_rows(world: World, dataset: str) -> list[bytes]:
    """What a loop over the good pairs writes, side after side."""
    recipe = _last(world, dataset)["recipe"]
    good = world.good(dataset)
    by_id = {pair_id(dataset, path): path for path in good}
    split = {each: world.pairs[dataset].get(each, {}).get("split") for each in by_id}
    rows = []
    for side in ("train", "validation"):
        rows += [_row(dataset, recipe, *good[by_id[each]]) for each in sorted(by_id) if split[each] == side]
    return rows


def _row(dataset: str, recipe: Fields, audio: bytes, text: bytes) -> bytes:
    if recipe["row_format"] == "inline_data":
        data = {"mime_type": "audio/wav", "data": b64encode(audio).decode()}
        user: list[Fields] = [{"text": recipe["prompt"]}, {"inline_data": data}]
    else:
        uri = f"gs://{plan.DATASET_BUCKET}/audio/{dataset_key(dataset)}/{sha256(audio).hexdigest()}.wav"
        user = [{"fileData": {"mimeType": "audio/wav", "fileUri": uri}}, {"text": recipe["prompt"]}]
    turns = [{"role": "user", "parts": user}, {"role": "model", "parts": [{"text": text.decode()}]}]
    return (json.dumps({"contents": turns}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _jobs(world: World) -> Iterator[Finding]:
    labels = Counter(job["labels"].get("attune_run", "") for job in world.jobs)
    yield Finding("jobs per run", max(labels.values(), default=0), 1, f"{len(world.jobs)} jobs at the service")
    recorded = {run["job"] for runs in world.runs.values() for run in runs.values() if run.get("job")}
    strays = sum(job["name"] not in recorded for job in world.jobs)
    yield Finding("stray jobs", strays, 0, f"{len(recorded)} runs have a job")
    yield Finding("jobs at once", _at_once(world.jobs), 1, "by the service's own times")


def _at_once(jobs: list[Fields]) -> int:
    """The most jobs that were under way at a moment; one that begins as another ends is not beside it."""
    steps = [(job["createTime"], 1) for job in jobs] + [(job["endTime"], -1) for job in jobs if "endTime" in job]
    return max(accumulate(step for _, step in sorted(steps)), default=0)


def _aliases(world: World, reader: Reader) -> Finding:
    """Every move went to a promoted run's endpoint, newer than all before; and a reader never saw anything else."""
    promoted = {run["endpoint"] for runs in world.runs.values() for run in runs.values() if run["state"] == "promoted"}
    wrong = sum(len(seen - promoted) for seen in reader.endpoints.values())
    wrong += sum(moves != sorted(moves) for moves in reader.moves.values())
    said = []
    for name, alias in sorted(world.outside.documents("aliases").items()):
        kept = world.outside.documents("aliases", name, "history")
        moves = [kept[serial]["current"] for serial in sorted(kept)]
        runs = [move["run"] for move in moves]
        wrong += sum(move["endpoint"] not in promoted for move in moves)
        wrong += sum(later <= earlier for earlier, later in pairwise(runs)) + (len(runs) != alias["serial"])
        said.append(f"{name} {len(runs)}")
    return Finding("alias violations", wrong, 0, f"moves: {', '.join(said)}")


def _announcements(world: World, told: list[Received]) -> Iterator[Finding]:
    heard = {
        (each.attributes["ce-dataset"], each.attributes["ce-type"].rpartition(".")[2], json.loads(each.data).get("run"))
        for each in told
    }
    wanted = set()
    for dataset, runs in world.runs.items():
        for name, run in runs.items():
            states = {step["state"] for step in run["history"]}
            wanted.add((dataset, "thresholdReached", name))
            wanted |= {(dataset, "started", name)} if "running" in states else set()
            wanted |= {(dataset, "succeeded", name)} if "evaluating" in states else set()
            wanted |= {(dataset, _OUTCOMES[state], name) for state in states & _OUTCOMES.keys()}
    yield Finding("untold", len(wanted - heard), 0, f"{len(wanted)} transitions, {len(told)} messages")
    contents: dict[str, set[bytes]] = {}
    for each in told:
        contents.setdefault(each.attributes["ce-id"], set()).add(each.data)
    unequal = sum(len(each) > 1 for each in contents.values())
    yield Finding("ids with two contents", unequal, 0, f"{len(contents)} ids")


def _quiet(world: World, told: list[Received], marker: str) -> Finding:
    lines = world.outside.log_lines()
    found = sum(marker.encode() in line for line in lines)
    found += sum(marker.encode() in each.data or marker in str(each.attributes) for each in told)
    return Finding("markers in logs", found, 0, f"{len(lines)} log lines and {len(told)} messages searched")
