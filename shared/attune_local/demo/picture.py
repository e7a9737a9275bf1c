"""What there is to see at a moment: a dataset's pairs, shards, runs and alias, read from its documents."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from attune.domain.alias import Alias
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.names import Candidate, classify, pair_id
from attune.domain.pair import Due, Pair, PairState
from attune.domain.run import Run, RunState
from attune.domain.shard import Shard
from attune.ports import Key, Query
from attune.services.manifests import of_evaluations, of_runs
from attune_local.demo.ground import Ground

_DECIDED = (
    *(RunState.PROMOTED, RunState.REJECTED, RunState.ROLLED_BACK),
    *(RunState.AWAITING_APPROVAL, RunState.FAILED, RunState.CANCELLED),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A dataset as its documents show it."""

    dataset: str
    pairs: tuple[Pair, ...]
    shards: tuple[Shard, ...]
    runs: tuple[Run, ...]
    alias: Alias | None

    def count(self, state: PairState) -> int:
        """Pairs in a state."""
        return sum(pair.state is state for pair in self.pairs)

    @property
    def due(self) -> int:
        """Accepted pairs that no run has taken."""
        return sum(pair.due is Due.ADD for pair in self.pairs)

    @property
    def rows(self) -> int:
        """Rows in the shards."""
        return sum(shard.span.count for shard in self.shards if not shard.prefix)

    @property
    def rejected(self) -> list[Pair]:
        """The pairs that were refused."""
        return [pair for pair in self.pairs if pair.state is PairState.REJECTED]

    @property
    def decided(self) -> bool:
        """Whether the newest run has come to its end, or to where a person decides."""
        return bool(self.runs) and self.runs[-1].state in _DECIDED


def look(ground: Ground, dataset: str, alias: str) -> Picture:
    """Reads a dataset's documents."""
    documents = ground.documents
    pairs = documents.find(Query(Pair, ("datasets", dataset, "pairs")))
    shards = documents.find(Query(Shard, ("datasets", dataset, "shards")))
    runs = documents.find(of_runs.newest_runs(dataset))
    found = documents.get(Key(Alias, ("aliases", alias)))
    return Picture(
        dataset,
        tuple(each.value for each in pairs),
        tuple(each.value for each in shards),
        tuple(each.value for each in reversed(runs)),
        found.value if found else None,
    )


def evaluation_of(ground: Ground, run: Run) -> Evaluation | None:
    """What was measured of a run's model, if anything was."""
    found = ground.documents.get(of_evaluations.evaluation(run.dataset, run.number))
    return found.value if found else None


def states(listing: dict[str, int], picture: Picture) -> Counter[str]:
    """How many of the listed objects are in each state; `unaccounted` is what no document and no rule knows of."""
    pairs = {pair.id: pair for pair in picture.pairs}
    counted: Counter[str] = Counter()
    for name, generation in listing.items():
        counted[_state(name, generation, pairs)] += 1
    return counted


def sample_row(ground: Ground, run: Run) -> str:
    """The run's first row, its long and private parts left out: to see its format."""
    if run.train is None:
        return ""
    row = json.loads(ground.read(run.train.part.name).split(b"\n", 1)[0])
    user, model = row["contents"]
    for part in (*user["parts"], *model["parts"]):
        if "inline_data" in part:
            part["inline_data"]["data"] = "…"
    model["parts"][0]["text"] = "…"
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _state(name: str, generation: int, pairs: dict[str, Pair]) -> str:
    found = classify(name)
    if not isinstance(found, Candidate):
        return "ignored"
    pair = pairs.get(pair_id(found.dataset, found.path))
    half = getattr(pair, found.kind.value) if pair else None
    if pair is None or half is None or half.generation < generation:
        return "unaccounted"
    return pair.state.value if (half.name, half.generation) == (name, generation) else "superseded"
