"""Which side of the hold-out a pair is on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.split import Split, group_of, split_of

PATHS = [f"speaker{index % 40}/clip{index}" for index in range(2000)]


@given(st.text(), st.text())
def test_nothing_held_out_means_everything_is_trained_on(dataset: str, group: str) -> None:
    assert split_of(_plain(dataset), _plain(group), 0.0) is Split.TRAIN


def test_the_fraction_is_held_out() -> None:
    held_out = sum(split_of("d", path, 0.1) is Split.VALIDATION for path in PATHS)
    assert 0.08 * len(PATHS) < held_out < 0.12 * len(PATHS)


def test_a_larger_fraction_only_moves_pairs_to_validation() -> None:
    small = {path for path in PATHS if split_of("d", path, 0.1) is Split.VALIDATION}
    large = {path for path in PATHS if split_of("d", path, 0.3) is Split.VALIDATION}
    assert small < large


def test_the_side_never_changes() -> None:
    held_out = [index for index, path in enumerate(PATHS[:40]) if split_of("d", path, 0.1) is Split.VALIDATION]
    assert held_out == [0, 4, 6, 10, 17, 35]


def test_two_datasets_hold_out_different_pairs() -> None:
    here = [split_of("d", path, 0.5) for path in PATHS]
    there = [split_of("e", path, 0.5) for path in PATHS]
    assert here != there


def test_without_a_pattern_no_pair_has_a_group() -> None:
    assert group_of("a/b", None) is None
    assert group_of("a/b", "") is None


@pytest.mark.parametrize(
    ("pattern", "group"),
    [
        (r"speaker\d+", "speaker12"),
        (r"speaker(\d+)", "12"),
        (r"^[^/]+", "speaker12"),
        (r"nobody", None),
        (r"clip 3|(x)", "clip 3"),
    ],
)
def test_a_group_is_what_the_pattern_finds(pattern: str, group: str | None) -> None:
    assert group_of("speaker12/clip 3", pattern) == group


def test_one_voice_is_never_on_both_sides() -> None:
    sides: dict[str, set[Split]] = {}
    for path in PATHS:
        sides.setdefault(path.partition("/")[0], set()).add(split_of("d", group_of(path, "^[^/]+") or "", 0.3))
    assert all(len(found) == 1 for found in sides.values())
    assert {side for found in sides.values() for side in found} == set(Split)


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()
