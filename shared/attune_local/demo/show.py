"""The demo from curtain to curtain."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from attune.domain.names import dataset_key
from attune.domain.pair import PairState
from attune.domain.run import Run
from attune_local.corpus.making import make_corpus
from attune_local.demo.farewell import forget
from attune_local.demo.ground import SWEEP_SECONDS, Ground, StackGround, TwinGround
from attune_local.demo.picture import Picture, evaluation_of, look, sample_row
from attune_local.demo.proof import Proof, prove, prove_quiet
from attune_local.demo.props import Act, act_of_own, act_with_mishaps, refused
from attune_local.demo.screen import Screen
from attune_local.demo.sequel import Lot, good, play_on, poisoned
from attune_local.demo.waiting import wait
from attune_local.stack.errors import EmulatorsMissing
from attune_local.stack.plan import Plan, VertexPace
from attune_local.stack.stack import Stack
from attune_local.vertex.hearing.booths import Booths

PAIRS, PAIRS_INLINE = 40, 16
MORE, POISONED = 60, 60
_TICK_SECONDS = 2.0
_DECISIONS = (".promoted", ".rejected", ".awaitingApproval")


def demo(staged: Path, corpus: Path | None, threshold: int | None, console: Console) -> bool:
    """Plays the demo; whether every invariant held that it can see."""
    screen = Screen(console)
    acts, lots = ([act_of_own(corpus, threshold)], None) if corpus else _own_corpus(screen, threshold)
    wanted = Plan(
        staged=staged,
        vertex=VertexPace(listens=True),
        tick_seconds=_TICK_SECONDS,
        settings={"ATTUNE_SWEEP_SECONDS": str(SWEEP_SECONDS)},
    )
    try:
        with Stack(wanted) as stack:
            return play(StackGround.on(stack), acts, screen, lots)
    except EmulatorsMissing as missing:
        screen.say(f"{missing} The demo goes on on the in-memory twins.")
        with Booths() as booths:
            return play(TwinGround(booths=booths), acts, screen, lots)


def _own_corpus(screen: Screen, threshold: int | None) -> tuple[list[Act], tuple[Lot, Lot]]:
    """Two datasets, one for each row format, and what comes into the first one later."""
    with tempfile.TemporaryDirectory() as folder:
        first, second, more, shuffled = (Path(folder, name) for name in ("first", "inline", "more", "shuffled"))
        screen.say(f"Speaking {PAIRS + PAIRS_INLINE + MORE + POISONED} calls of a harbour's radio with espeak-ng …")
        for place, pairs, seed in (
            (first, PAIRS, 1),
            (second, PAIRS_INLINE, 2),
            (more, MORE, 3),
            (shuffled, POISONED, 4),
        ):
            make_corpus(place, pairs, seed=seed)
        settings = {"alias": "production", "validation_fraction": 0.3}
        acts = [
            act_with_mishaps("harbour", first, threshold or PAIRS, settings),
            act_with_mishaps(
                "harbour-inline",
                second,
                threshold or PAIRS_INLINE,
                {"row_format": "inline_data", "validation_fraction": 0.3},
            ),
        ]
        return acts, (good("harbour", more, "more"), poisoned("harbour", shuffled, "shuffled"))


def play(
    ground: Ground, acts: Sequence[Act], screen: Screen, lots: tuple[Lot, Lot] | None = None, *, farewell: bool = True
) -> bool:
    """Drops what the acts hold, waits until each run is decided on, and proves what can be seen; whether it all holds.

    With `lots`, the first act has a sequel. With a `farewell`, a file is deleted at the end.
    """
    screen.say(f"On {ground.where}.")
    for act in acts:
        ground.write_settings(act.dataset, act.settings)
        screen.say(f"datasets/{act.dataset} in Firestore now says {act.settings}; {act.told} are dropped.")
    with screen.watching():
        for act in acts:
            _drop(ground, act, acts, screen)
        wait(
            lambda: all(picture.decided for picture in _see(ground, acts, screen)), ground, "the runs to be decided on"
        )
        wait(lambda: _announced(ground, acts), ground, "the announcements")
        wait(lambda: all(_reported(ground, picture) for picture in _see(ground, acts, screen)), ground, "the reports")
    pictures = _see(ground, acts, screen)
    well = _close(ground, acts, pictures, screen)
    if not well:
        return False
    last = [
        *(play_on(ground, acts[0], lots, screen) if lots else ()),
        *(forget(ground, acts[0], screen) if farewell else ()),
        prove_quiet(ground, [*acts, *_as_acts(lots)]),
    ]
    screen.show("all", last)
    return all(proof.holds for proof in last)


def _as_acts(lots: tuple[Lot, Lot] | None) -> list[Act]:
    return [Act(lot.what, {}, lot.drops) for lot in lots or ()]


def _drop(ground: Ground, act: Act, acts: Sequence[Act], screen: Screen) -> None:
    """Drops the first files, waits until each is accounted for, then drops the last."""
    for drop in act.first:
        ground.drop(drop.name, drop.data)
    if act.last:
        before = len([drop for drop in act.last if not drop.name.endswith(".txt")])
        expected = _good_pairs(act) - before
        what = f"{expected} pairs of {act.dataset}"
        wait(lambda: _accepted(ground, act, acts, screen) >= expected, ground, what)
    for drop in act.last:
        ground.drop(drop.name, drop.data)


def _good_pairs(act: Act) -> int:
    out = {drop.name for drop in act.first if refused(drop)}
    audio = [name for name in act.final if not name.endswith((".txt", ".md")) and name not in out]
    return len(audio)


def _accepted(ground: Ground, act: Act, acts: Sequence[Act], screen: Screen) -> int:
    pictures = _see(ground, acts, screen)
    mine = next(picture for picture in pictures if picture.dataset == act.dataset)
    settled = all(_newest(ground, pair.audio.name, pair.audio.generation) for pair in mine.pairs if pair.audio)
    return mine.count(PairState.ACCEPTED) if settled else 0


def _newest(ground: Ground, name: str, generation: int) -> bool:
    return ground.intake().get(name) == generation


def _see(ground: Ground, acts: Sequence[Act], screen: Screen) -> list[Picture]:
    pictures = [look(ground, act.dataset, str(act.settings.get("alias", act.dataset))) for act in acts]
    screen.update(pictures, ground.told())
    return pictures


def _announced(ground: Ground, acts: Sequence[Act]) -> bool:
    decided = {each.subject for each in ground.told() if each.type.endswith(_DECISIONS)}
    return len(decided) >= len(acts)


def _reported(ground: Ground, picture: Picture) -> bool:
    """Whether the dataset's report has a line for each of its pairs, as it stands."""
    lines, page = (f"reports/{dataset_key(picture.dataset)}/report.{ending}" for ending in ("jsonl", "html"))
    if not {lines, page} <= set(ground.names("reports/")):
        return False
    told = {line["id"]: line["state"] for line in map(json.loads, ground.read(lines).splitlines())}
    return told == {pair.id: pair.state.value for pair in picture.pairs}


def _close(ground: Ground, acts: Sequence[Act], pictures: Sequence[Picture], screen: Screen) -> bool:
    proofs: list[Proof] = []
    for act, picture in zip(acts, pictures, strict=True):
        found = list(prove(ground, act, picture))
        screen.show(f"{act.dataset} ({picture.runs[-1].recipe.row_format if picture.runs[-1].recipe else '?'})", found)
        screen.scores(picture.runs[-1], evaluation_of(ground, picture.runs[-1]))
        _list_rejected(picture, screen)
        _say_where(ground, picture, picture.runs[-1], screen)
        proofs += found
    return all(proof.holds for proof in proofs)


def _list_rejected(picture: Picture, screen: Screen) -> None:
    for pair in picture.rejected:
        for reason in pair.reasons:
            screen.say(f"  rejected: {pair.dataset}/{pair.path}: {reason.code}: {reason.sentence}")


def _say_where(ground: Ground, picture: Picture, run: Run, screen: Screen) -> None:
    first = picture.pairs[0]
    many = f"{len(picture.shards)} manifests, {len(ground.names('shards/'))} objects"
    places = {
        "pairs": f"Firestore datasets/{picture.dataset}/pairs/{first.id} and {len(picture.pairs) - 1} more",
        "shards": f"Firestore datasets/{picture.dataset}/shards, {ground.uri('shards/')}: {many}",
        "report": f"{ground.uri(f'reports/{dataset_key(picture.dataset)}')}/report.html, report.jsonl",
        "files": f"{ground.uri(run.folder)}/train.jsonl, validation.jsonl, manifest.jsonl",
        "run": f"Firestore datasets/{picture.dataset}/runs/{run.id}, job {run.job}",
        "alias": f"Firestore aliases/{picture.alias.name if picture.alias else '-'} → {run.endpoint}",
    }
    if row := sample_row(ground, run):
        places["row"] = row
    for name, place in places.items():
        screen.say(f"  {name + ':':8}{place}")
