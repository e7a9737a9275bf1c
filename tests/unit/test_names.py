"""What an object's name says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.names import (
    AUDIO_ENDINGS,
    Candidate,
    HalfKind,
    Ignored,
    classify,
    dataset_key,
    inline_mime_type,
    label_key,
    pair_id,
)

LONG = "d/" + "x" * 994 + ".wav"


@pytest.mark.parametrize(
    ("name", "dataset", "path", "kind", "ending"),
    [
        ("d/a.wav", "d", "a", HalfKind.AUDIO, ".wav"),
        ("d/a.txt", "d", "a", HalfKind.TRANSCRIPT, ".txt"),
        ("d/any/path/a.flac", "d", "any/path/a", HalfKind.AUDIO, ".flac"),
        ("d/a.MP3", "d", "a", HalfKind.AUDIO, ".mp3"),
        ("d/a.b.aac", "d", "a.b", HalfKind.AUDIO, ".aac"),
        ("d/a.wav.txt", "d", "a.wav", HalfKind.TRANSCRIPT, ".txt"),
        ("d//a.m4a", "d", "/a", HalfKind.AUDIO, ".m4a"),
        ("my calls/50% + #1.wav", "my calls", "50% + #1", HalfKind.AUDIO, ".wav"),
        ("Größe/日本語/слово.txt", "Größe", "日本語/слово", HalfKind.TRANSCRIPT, ".txt"),
        (LONG, "d", "x" * 994, HalfKind.AUDIO, ".wav"),
    ],
)
def test_a_name_tells_dataset_pair_half_and_ending(
    name: str, dataset: str, path: str, kind: HalfKind, ending: str
) -> None:
    assert classify(name) == Candidate(dataset, path, kind, ending)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.wav", "no dataset folder"),
        ("/a.wav", "starts with a slash"),
        ("d/a.ogg", "its ending is none of .wav, .flac, .mp3, .aac, .m4a, .txt"),
        ("d/a", "its ending is none of"),
        ("d/a.wav/b", "its ending is none of"),
        ("d/", "no name before its ending"),
        ("d/.wav", "no name before its ending"),
        ("d/a/.txt", "no name before its ending"),
        ("", "no dataset folder"),
        ("../a.wav", "reserves"),
        ("__x__/a.wav", "reserves"),
        ("é" * 101 + "/a.wav", "longer than 200 bytes"),
        ("d/\ud800.wav", "not Unicode"),
    ],
)
def test_what_is_not_ours_is_ignored_with_a_reason(name: str, says: str) -> None:
    found = classify(name)
    assert isinstance(found, Ignored)
    assert says in found.reason


@given(st.text())
def test_every_string_has_an_answer_and_a_pair_never_loses_what_was_in_its_name(name: str) -> None:
    found = classify(name)
    if isinstance(found, Candidate):
        assert name.lower() == f"{found.dataset}/{found.path}{found.ending}".lower()
        assert name.startswith(f"{found.dataset}/{found.path}.")


@pytest.mark.parametrize("ending", [*AUDIO_ENDINGS, ".txt"])
def test_every_half_of_a_pair_leads_to_the_same_pair(ending: str) -> None:
    found = classify(f"d/x/clip{ending}")
    assert isinstance(found, Candidate)
    assert (found.dataset, found.path) == ("d", "x/clip")


def test_a_pairs_id_never_changes() -> None:
    assert pair_id("d", "a") == "glt9s7tv3dikqembcvoq9ffkqj"


@given(st.text(), st.text())
def test_a_pairs_id_is_26_characters_of_base32hex(dataset: str, path: str) -> None:
    assert re.fullmatch(r"[0-9a-v]{26}", pair_id(_plain(dataset), _plain(path)))


def test_the_same_path_in_another_dataset_is_another_pair() -> None:
    assert pair_id("d", "a") != pair_id("e", "a")
    assert pair_id("d", "a") != pair_id("d", "b")


@pytest.mark.parametrize("dataset", ["d", "calls-2026", "Interviews", "a.b_c"])
def test_a_plain_dataset_keeps_its_name_in_addresses(dataset: str) -> None:
    assert dataset_key(dataset) == dataset


@given(st.text(min_size=1))
def test_every_dataset_has_a_key_that_an_address_can_carry(dataset: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,63}", dataset_key(_plain(dataset)))


@given(st.text(min_size=1))
def test_every_dataset_has_a_key_that_a_label_can_carry(dataset: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,49}", label_key(_plain(dataset)))


@given(st.sets(st.text(min_size=1).map(lambda name: name.encode(errors="replace").decode()), min_size=2))
def test_different_datasets_have_different_keys_and_labels(datasets: set[str]) -> None:
    assert len({dataset_key(dataset) for dataset in datasets}) == len(datasets)
    assert len({label_key(dataset) for dataset in datasets}) == len(datasets)


def test_inline_rows_call_mp3_what_the_recipe_calls_it() -> None:
    assert inline_mime_type("audio/mpeg") == "audio/mp3"
    assert inline_mime_type("audio/wav") == "audio/wav"


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()
