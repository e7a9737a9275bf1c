"""What the demo checks when all is quiet: each invariant that can be seen from outside, as a sentence and a verdict."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from attune.domain.finding import Finding
from attune.domain.names import AUDIO_ENDINGS, inline_mime_type
from attune.domain.pair import Pair, PairState
from attune.domain.quality.limits import Limits
from attune.domain.recipe import Recipe
from attune.domain.row import RowFormat
from attune.domain.run import Run, RunState
from attune.domain.split import Split
from attune.domain.transcript import read_transcript
from attune_local.demo.ground import Ground
from attune_local.demo.picture import Picture, states
from attune_local.demo.props import Act, transcripts

_EXPECTED = ("thresholdReached", "started", "succeeded")
_OUTCOMES = {
    RunState.PROMOTED: "promoted",
    RunState.REJECTED: "rejected",
    RunState.AWAITING_APPROVAL: "awaitingApproval",
    RunState.ROLLED_BACK: "rolledBack",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """An invariant, what was seen of it, and whether it holds."""

    name: str
    seen: str
    holds: bool


def prove(ground: Ground, act: Act, picture: Picture) -> Iterator[Proof]:
    """The invariants of one dataset."""
    run = picture.runs[-1]
    listing = {name: at for name, at in ground.intake().items() if name.startswith(f"{act.dataset}/")}
    yield _conserved(listing, picture)
    yield _once(ground, run, picture)
    yield _canonical(ground, act, run, picture)
    yield _one_job(ground, picture)
    yield _forward(run, picture)
    yield _told(ground, act, picture)


def prove_quiet(ground: Ground, acts: Sequence[Act]) -> Proof:
    """No transcript in any log."""
    texts = transcripts(acts)
    lines = list(ground.logs())
    found = sum(any(text in line for text in texts) for line in lines)
    seen = f"{len(lines)} log lines searched for {len(texts)} transcripts, {found} found"
    return Proof("quiet", seen, not found)


def _conserved(listing: dict[str, int], picture: Picture) -> Proof:
    counted = states(listing, picture)
    gap = counted.pop("unaccounted", 0)
    told = " + ".join(f"{number} {state}" for state, number in sorted(counted.items()))
    return Proof("conserved", f"{len(listing)} objects listed = {told}; gap {gap}", not gap)


def _once(ground: Ground, run: Run, picture: Picture) -> Proof:
    train, validation = _lines(ground, run, "train"), _lines(ground, run, "validation")
    manifest = [json.loads(line)["id"] for line in _lines(ground, run, "manifest")]
    accepted, rows = picture.count(PairState.ACCEPTED), len(train) + len(validation)
    seen = f"{accepted} pairs accepted = {len(train)} rows in train.jsonl + {len(validation)} in validation.jsonl"
    if picture.due:
        seen += f" + {picture.due} for the next run"
    once = len(set(train + validation)) == rows == len(set(manifest)) == len(manifest)
    return Proof("once", seen, once and rows + picture.due == accepted)


def _canonical(ground: Ground, act: Act, run: Run, picture: Picture) -> Proof:
    """The files, against a plain loop over the pairs that the run took."""
    if run.recipe is None:
        return Proof("canonical", "the run has no recipe", holds=False)
    taken = sorted((pair for pair in picture.pairs if pair.taken_by == run.id), key=lambda pair: pair.id)
    same = True
    for split in Split:
        rows = [_plain_row(ground, act, pair, run.recipe) for pair in taken if pair.split is split]
        same = same and b"".join(rows) == b"".join(line + b"\n" for line in _lines(ground, run, split.value))
    said = "byte for byte" if same else "NOT"
    return Proof(
        "canonical", f"train.jsonl and validation.jsonl are {said} what a plain loop over the pairs writes", same
    )


def _one_job(ground: Ground, picture: Picture) -> Proof:
    labels = [run.label for run in picture.runs]
    jobs = [job for job in ground.jobs() if job.label in labels]
    seen = (
        f"{len(jobs)} tuning job{'s' * (len(jobs) != 1)} at the service for {len(labels)} run{'s' * (len(labels) != 1)}"
    )
    return Proof("one job", seen, sorted(job.label for job in jobs) == sorted(labels))


def _forward(run: Run, picture: Picture) -> Proof:
    """The alias stands for a run that was promoted, and for the newest one where that was."""
    alias = picture.alias
    if alias is None:
        return Proof("forward only", f"no alias; {run.id} is {run.state}", run.state is not RunState.PROMOTED)
    seen = f"{alias.name} stands for {alias.current.run} behind {alias.current.endpoint.rpartition('/')[2]}"
    served = next((each for each in picture.runs if each.id == alias.current.run), None)
    stands = served is not None and (served.state, served.endpoint) == (RunState.PROMOTED, alias.current.endpoint)
    return Proof("forward only", seen, stands and (served is run or run.state is not RunState.PROMOTED))


def _told(ground: Ground, act: Act, picture: Picture) -> Proof:
    alias = picture.alias.name if picture.alias else ""
    subjects = {f"aliases/{alias}", *(f"datasets/{act.dataset}/runs/{run.id}" for run in picture.runs)}
    told = [each for each in ground.told() if each.subject in subjects]
    kinds = [each.type.rpartition(".")[2] for each in {each.id: each for each in told}.values()]
    return Proof(
        "told",
        f"a subscriber received {', '.join(kinds)}",
        {*_EXPECTED, _OUTCOMES.get(picture.runs[-1].state, "")} <= set(kinds),
    )


def _lines(ground: Ground, run: Run, name: str) -> list[bytes]:
    path = f"{run.folder}/{name}.jsonl"
    return ground.read(path).splitlines() if ground.names(path) else []


def _plain_row(ground: Ground, act: Act, pair: Pair, recipe: Recipe) -> bytes:
    """A row as the recipe's own script, or Google's page, writes it."""
    if pair.audio is None or pair.transcript is None or pair.row is None:
        raise ValueError(f"{pair.path} was taken without its halves")
    audio, text = act.final[pair.audio.name], _repaired(act.final[pair.transcript.name])
    ending = PurePosixPath(pair.audio.name).suffix.lower()
    mime_type, prompt = AUDIO_ENDINGS[ending], {"text": recipe.prompt}
    if recipe.row_format is RowFormat.INLINE_DATA:
        data = {"mime_type": inline_mime_type(mime_type), "data": b64encode(audio).decode()}
        user: list[dict[str, object]] = [{**prompt}, {"inline_data": data}]
    else:
        uri = ground.uri(f"audio/{pair.row.audio_name.split('/')[1] if pair.row.audio_name else ''}")
        user = [
            {"fileData": {"mimeType": mime_type, "fileUri": f"{uri}/{sha256(audio).hexdigest()}{ending}"}},
            {**prompt},
        ]
    row = {"contents": [{"role": "user", "parts": user}, {"role": "model", "parts": [{"text": text}]}]}
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _repaired(transcript: bytes) -> str:
    read = read_transcript(transcript, Limits())
    if isinstance(read, Finding):
        raise TypeError(f"a transcript was taken that is refused: {read.code}")
    return read.text
