"""The demo shows the whole way, and does not say that an invariant holds when it does not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from attune_local.demo.ground import Ground, StackGround, TwinGround
from attune_local.demo.picture import look
from attune_local.demo.proof import prove, prove_quiet
from attune_local.demo.props import Act, act_of_own
from attune_local.demo.screen import Screen
from attune_local.demo.show import play
from attune_local.stack.stack import Stack
from gates import OPEN
from service.theatre import wav

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four good pairs and a broken one, as a person might have them."""
    own = tmp_path / f"own-{tmp_path.name}"[:40].lower()
    (own / "day one").mkdir(parents=True)
    for seed in range(4):
        (own / "day one" / f"{seed}.wav").write_bytes(wav(seed=seed))
        (own / "day one" / f"{seed}.txt").write_text(f"it says number {seed}, loud and clear")
    (own / "broken.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVE")
    (own / "broken.txt").write_text("it says nothing at all, or so it seems")
    return own


def played(ground: Ground, act: Act, *, farewell: bool = True) -> str:
    """What the demo printed; it must have ended well."""
    printed = io.StringIO()
    assert play(ground, [act], Screen(Console(file=printed, width=200)), farewell=farewell)
    return printed.getvalue()


def verdicts(ground: Ground, act: Act) -> dict[str, bool]:
    picture = look(ground, act.dataset, "production")
    return {proof.name: proof.holds for proof in prove(ground, act, picture)}


@pytest.mark.emulators
@pytest.mark.timeout(180)
def test_a_folder_of_ones_own_is_promoted_on_the_stack(running: Stack, folder: Path) -> None:
    printed = played(StackGround.on(running), act_of_own(folder, threshold=4, more={"gate": OPEN}))
    assert "4 pairs accepted = " in printed
    assert "1 tuning job at the service for 1 run" in printed
    assert "broken: audio_unreadable" in printed
    assert "alias.v1.promoted" in printed
    assert "loud and clear" not in printed


@pytest.mark.thorough  # the proofs are made on the twins below, too
def test_without_the_emulators_it_says_so_and_runs_on_the_twins(folder: Path) -> None:
    command = [sys.executable, "-m", "attune_local", "demo", "--corpus", str(folder), "--threshold", "4"]
    environment = os.environ | {"ATTUNE_FIRESTORE_JAR": "/there/is/none.jar"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on the in-memory twins" in done.stdout
    assert "4 pairs accepted = " in done.stdout


def test_a_folder_without_a_pair_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "alone.wav").write_bytes(wav())
    with pytest.raises(ValueError, match="holds no pair"):
        act_of_own(tmp_path, threshold=None)


def test_every_proof_fails_when_what_it_proves_is_broken(folder: Path) -> None:
    ground, act = TwinGround(), act_of_own(folder, threshold=4, more={"gate": OPEN})
    played(ground, act, farewell=False)
    assert all(verdicts(ground, act).values())
    train = f"runs/{act.dataset}/r000001/train.jsonl"
    rows = ground.dataset_bucket.live.pop(train).data
    ground.dataset_bucket.upload(train, rows + rows)
    ground.intake_bucket.upload(f"{act.dataset}/never told of.wav", wav())
    ground.engine.reset()
    ground.post.sent.clear()
    broken = {name for name, holds in verdicts(ground, act).items() if not holds}
    assert broken == {"conserved", "once", "canonical", "one job", "told"}


def test_a_transcript_in_a_log_is_found(folder: Path) -> None:
    class Leaking(TwinGround):
        def logs(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as its base
            yield b'{"message": "it says number 2, loud and clear"}'

    act = act_of_own(folder, threshold=4)
    assert prove_quiet(TwinGround(), [act]).holds
    assert not prove_quiet(Leaking(), [act]).holds
