"""What `attune check` prints and exits with, for people, for programs and for CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from attune.cli.app import app
from folders import SENTENCES, good, put, voice
from sounds import encoded, speech

PLANTED = "xylophone"
TARGETS = {
    "label": {"kind": "classification", "prompt": "Which?", "labels": ["drum"]},
    "doc": {"kind": "json", "prompt": "Which?", "json_schema": {"type": "object"}},
}


def attune(*arguments: object, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(app, ["check", "--jobs", "1", *map(str, arguments)])


def document(*arguments: object) -> Any:
    return json.loads(attune(*arguments, "--json").stdout)


def settings(folder: Path, name: str = "settings.json", **fields: object) -> Path:
    (folder / name).write_text(json.dumps(fields))
    return folder / name


def with_a_remark(folder: Path) -> Path:
    put(good(folder, 2), "narrow", encoded(".wav", speech(2, rate=8_000), 8_000), SENTENCES[9])
    return folder


def with_a_refusal(folder: Path) -> Path:
    put(good(folder, 2), "empty", b"", SENTENCES[9])
    return folder


def test_a_folder_of_good_pairs_exits_with_0(tmp_path: Path) -> None:
    done = attune(good(tmp_path, 3))
    assert done.exit_code == 0, done.output
    assert "3: 3 accepted; 0 repaired" in done.stdout
    assert "3 pairs in " in done.stdout
    assert done.stderr == ""


def test_a_pair_that_would_be_refused_exits_with_1(tmp_path: Path) -> None:
    done = attune(with_a_refusal(tmp_path))
    assert done.exit_code == 1
    assert "audio_empty, 1 pair" in done.stdout
    assert "Record or export it again and upload it." in done.stdout


@pytest.mark.parametrize(("more", "code"), [([], 0), (["--strict"], 1)])
def test_a_pair_to_look_at_exits_with_1_only_when_asked_to_be_strict(
    tmp_path: Path, more: list[str], code: int
) -> None:
    assert attune(with_a_remark(tmp_path), *more).exit_code == code


@pytest.mark.parametrize(("more", "code"), [([], 0), (["--strict"], 1)])
def test_so_does_a_half_without_its_partner(tmp_path: Path, more: list[str], code: int) -> None:
    put(good(tmp_path, 1), "alone", voice(9), None)
    done = attune(tmp_path, *more)
    assert done.exit_code == code
    assert "waiting     alone.wav: there is no alone.txt beside it" in done.stdout


def test_a_repair_is_nothing_to_be_strict_about(tmp_path: Path) -> None:
    put(tmp_path, "marked", voice(1), "\ufeff" + SENTENCES[1])
    assert attune(tmp_path, "--strict").exit_code == 0


def test_where_there_is_no_pair_nothing_was_checked(tmp_path: Path) -> None:
    put(tmp_path, "alone", voice(1), None)
    (tmp_path / "notes.doc").touch()
    done = attune(tmp_path)
    assert done.exit_code == 2
    assert "waiting     alone.wav" in done.stdout
    assert "ignored     notes.doc" in done.stdout


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_not_checked(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    done = attune(tmp_path / name)
    assert done.exit_code == 2
    assert done.stderr.startswith("There is no folder ")
    assert done.stdout == ""


def test_bad_settings_are_told_field_by_field(tmp_path: Path) -> None:
    bad = settings(tmp_path, threshold=0, colour="red", quality={"max_audio_seconds": 1e9})
    done = attune(good(tmp_path / "d", 1), "--settings", bad)
    assert done.exit_code == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["threshold", "quality", "colour"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is no JSON"), ("[]", "holds no JSON object"), ("\xff", "is no JSON"), (None, "cannot be read")],
)
def test_settings_that_cannot_be_read_are_told(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "settings.json").write_text(text, encoding="latin-1")
    done = attune(good(tmp_path / "d", 1), "--settings", tmp_path / "settings.json")
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_datasets_settings_are_laid_over_the_defaults(tmp_path: Path) -> None:
    put(tmp_path / "d", "long", voice(50), SENTENCES[1])
    defaults = settings(tmp_path, "defaults.json", quality={"max_audio_seconds": 2.2, "advised_audio_seconds": 1})
    own = settings(tmp_path, "own.json", quality={"max_audio_seconds": 60})
    assert document(tmp_path / "d", "--defaults", defaults)["codes"] == {"audio_too_long": 1}
    assert document(tmp_path / "d", "--defaults", defaults, "--settings", own)["codes"] == {"audio_long": 1}


def test_the_dataset_is_the_folder_unless_another_is_named(tmp_path: Path) -> None:
    good(tmp_path / "calls", 2)
    assert document(tmp_path / "calls")["dataset"] == "calls"
    assert document(tmp_path / "calls" / ".." / "calls")["dataset"] == "calls"
    assert document(tmp_path / "calls", "--dataset", "other")["dataset"] == "other"
    refused = attune(tmp_path / "calls", "--dataset", "a/b")
    assert refused.exit_code == 2
    assert "cannot be a dataset's name" in refused.stderr


def test_only_pairs_with_findings_have_a_line_unless_all_are_asked_for(tmp_path: Path) -> None:
    with_a_remark(tmp_path)
    few, every = attune(tmp_path).stdout, attune(tmp_path, "--all").stdout
    assert "call-000" not in few
    assert "narrow" in few
    assert [line.split()[0] for line in every.splitlines()[:4]] == ["pair", "call-000", "call-001", "narrow"]


def test_of_very_many_ignored_files_some_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    good(tmp_path, 1)
    for number in range(25):
        (tmp_path / f"{number}.doc").touch()
    assert "and 5 more ignored; --all shows them" in attune(tmp_path).stdout
    assert attune(tmp_path, "--all").stdout.count("\nignored ") == 25
    assert len(document(tmp_path)["ignored"]) == 25


def test_the_line_of_a_pair_has_its_measures(tmp_path: Path) -> None:
    put(tmp_path, "a", encoded(".wav", speech(2)), "twenty-five letters, not so few")
    (line,) = (line for line in attune(tmp_path, "--all").stdout.splitlines() if line.startswith("a "))
    _, verdict, seconds, level, snr, pace = line.split()
    assert (verdict, seconds, pace) == ("accepted", "2.0", "12.5")
    assert -30 < int(level) < -10
    assert 30 < int(snr) < 70


def test_names_are_printed_as_they_are_but_for_what_a_terminal_would_do(tmp_path: Path) -> None:
    put(tmp_path, "[bold]odd[/bold]", b"", "y")
    put(tmp_path, "\x1b[2Jred", b"", "y")
    out = attune(tmp_path).stdout
    assert "[bold]odd[/bold]" in out
    assert "\\x1b[2Jred" in out
    assert "\x1b" not in out


def test_the_document_has_everything_but_the_text(tmp_path: Path) -> None:
    put(tmp_path, "narrow", encoded(".wav", speech(2, rate=8_000), 8_000), SENTENCES[1])
    told = document(tmp_path)
    (pair,) = told["pairs"]
    assert (pair["path"], pair["audio"], pair["transcript"]) == ("narrow", "narrow.wav", "narrow.txt")
    assert (pair["state"], pair["task"], pair["split"]) == ("look", "transcription", "train")
    (finding,) = pair["findings"]
    assert finding.keys() == {"code", "severity", "sentence", "fix"}
    assert (finding["code"], finding["severity"]) == ("audio_narrowband", "look")
    assert pair["measured"]["seconds"] == pytest.approx(2)
    assert pair["characters"] == len(SENTENCES[1])
    assert told["totals"]["states"] == {"accepted": 0, "look": 1, "refused": 0, "unread": 0}
    assert (told["plan"]["rows"], told["plan"]["dataset_bucket"]) == (1, None)
    assert told["took"].keys() == {"seconds", "processor_seconds", "processes"}


@pytest.mark.parametrize(
    "text",
    [
        f"we saw a {PLANTED} there",
        f"<b>{PLANTED}</b>",
        f"{PLANTED} " * 40,
        f"\ufeff{PLANTED}\r\n{PLANTED}   {PLANTED}",
        f"[00:01] {PLANTED}\x07: the xyloph\u043ene",
    ],
)
@pytest.mark.parametrize("shape", ["--json", "--all"])
@pytest.mark.parametrize("tasks", [{}, TARGETS])
def test_what_is_said_is_never_printed(tmp_path: Path, text: str, shape: str, tasks: dict[str, object]) -> None:
    for path in ("a", "label/a", "doc/a"):
        put(tmp_path / "d", path, voice(len(path)), text)
    done = attune(tmp_path / "d", shape, "--settings", settings(tmp_path, tasks=tasks), "--fix", tmp_path / "out")
    assert "label/a" in done.output
    assert PLANTED not in done.output.lower()


def test_bytes_are_those_of_the_bucket_that_is_named(tmp_path: Path) -> None:
    good(tmp_path, 3)
    assumed = attune(tmp_path)
    named = attune(tmp_path, ATTUNE_DATASET_BUCKET="p-attune-datasets")
    assert "--dataset-bucket names yours" in assumed.stdout
    assert "--dataset-bucket" not in named.stdout
    short, long = (document(tmp_path, "--dataset-bucket", name)["plan"] for name in ("b", "b" * 11))
    rows = short["rows"] + short["validation_rows"]
    bytes_of = [plan["train_bytes"] + plan["validation_bytes"] for plan in (short, long)]
    assert bytes_of[1] - bytes_of[0] == 10 * rows


def test_repairs_are_written_and_counted(tmp_path: Path) -> None:
    put(tmp_path / "d", "deep/marked", voice(30), "\ufeff" + SENTENCES[1])
    good(tmp_path / "d", 2)
    done = attune(tmp_path / "d", "--fix", tmp_path / "out")
    assert (done.exit_code, "1 transcript written" in done.stdout) == (0, True)
    assert [path.name for path in (tmp_path / "out").rglob("*.txt")] == ["marked.txt"]
    assert (tmp_path / "out/deep/marked.txt").read_text() == SENTENCES[1]


def test_all_transcripts_are_written_when_asked_for(tmp_path: Path) -> None:
    good(tmp_path / "d", 3)
    assert "3 transcripts written" in attune(tmp_path / "d", "--fix", tmp_path / "out", "--fix-all").stdout


@pytest.mark.parametrize("out", ["d", "d/fixed", "full"])
def test_repairs_are_not_written_where_something_is(tmp_path: Path, out: str) -> None:
    good(tmp_path / "d", 1)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    done = attune(tmp_path / "d", "--fix", tmp_path / out)
    assert done.exit_code == 2
    assert "Name a folder" in done.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_repairs_that_cannot_be_written_end_the_check(tmp_path: Path, jobs: int) -> None:
    put(tmp_path / "d", "marked", voice(1), "\ufeff" + SENTENCES[1])
    (tmp_path / "file").touch()
    done = attune(tmp_path / "d", "--fix", tmp_path / "file" / "out", "--jobs", jobs)
    assert done.exit_code == 2
    assert done.stderr.startswith("The check broke off: ")
    assert "Not a directory" in done.stderr


def test_what_to_fix_needs_a_place_to_write_it(tmp_path: Path) -> None:
    done = attune(good(tmp_path, 1), "--fix-all")
    assert (done.exit_code, done.stderr) == (2, "--fix-all needs --fix, which says where to write.\n")
