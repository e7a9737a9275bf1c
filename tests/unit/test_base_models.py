"""The catalogue: what may be tuned, where, by whom, and until when."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.base_models import base_model, is_listed, listed_as_of, open_models, sources_of
from attune.domain.quality.limits import PUBLISHED_AUDIO_BYTES, PUBLISHED_AUDIO_SECONDS
from attune_local.vertex.limits import CATALOGUE

LISTED = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.5-flash", "gemini-3.1-flash-lite")
BEFORE, SINCE, ENDED = date(2026, 10, 19), date(2026, 10, 20), date(2027, 3, 31)


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "gemini-2.5-pro"])
def test_a_retired_model_is_open_to_all_until_it_closes_and_to_none_once_it_has_ended(name: str) -> None:
    assert base_model(name).is_open(BEFORE, made := date(2026, 1, 1)) is True
    assert base_model(name).is_open(ENDED, made) is False


def test_between_the_two_a_new_project_is_refused_and_of_an_old_one_only_the_service_knows() -> None:
    model = base_model("gemini-2.5-flash")
    assert model.is_open(SINCE, SINCE) is False
    assert model.is_open(SINCE, BEFORE) is None
    assert model.is_open(SINCE, None) is None


def test_the_models_that_are_open_to_all_are_those_without_an_end() -> None:
    assert set(open_models(SINCE)) == {"gemini-3.5-flash", "gemini-3.1-flash-lite"}
    assert "gemini-2.5-flash" in open_models(BEFORE)


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "gemini-3.5-flash", "a-model-of-next-year"])
def test_no_model_is_tuned_globally(name: str) -> None:
    assert base_model(name).is_tuned_in("global") is False


@pytest.mark.parametrize(
    ("name", "region", "tuned"),
    [
        ("gemini-3.5-flash", "us-central1", True),
        ("gemini-3.5-flash", "europe-west4", True),
        ("gemini-3.5-flash", "europe-west1", False),
        ("gemini-2.5-flash", "us-central1", True),
        ("gemini-2.5-flash", "europe-west4", None),
    ],
)
def test_a_region_tunes_a_model_or_does_not_or_no_source_says(name: str, region: str, tuned: bool | None) -> None:  # noqa: FBT001 - it is the expected answer
    assert base_model(name).is_tuned_in(region) is tuned


def test_a_model_that_is_not_listed_is_taken_for_its_family() -> None:
    assert not is_listed("gemini-3.9-flash")
    assert base_model("gemini-3.9-flash") == base_model("gemini-3.5-flash")
    assert base_model("gemini-2.5-ultra").retirement == base_model("gemini-2.5-pro").retirement
    assert base_model("another") == base_model("one more")


def test_only_gemini_3_takes_no_key_of_ones_own() -> None:
    assert not base_model("gemini-3.5-flash").takes_own_key
    assert base_model("gemini-2.5-flash").takes_own_key


def test_adapter_sizes_and_prices_are_those_published() -> None:
    assert base_model("gemini-2.5-pro").adapter_sizes == (1, 2, 4, 8)
    assert base_model("gemini-2.5-flash").adapter_sizes == (1, 2, 4, 8, 16)
    assert base_model("gemini-2.5-flash").usd_per_million_tokens == 5.0
    assert base_model("gemini-3.5-flash").usd_per_million_tokens is None


@pytest.mark.parametrize(("training", "most"), [(0, 1_000), (3_000, 1_000), (10_000, 3_000), (100_000, 5_000)])
def test_a_thousand_validation_rows_always_fit_and_five_thousand_at_most(training: int, most: int) -> None:
    assert base_model("gemini-2.5-flash").limits.most_validation_rows(training) == most


@pytest.mark.parametrize("name", LISTED)
def test_every_figure_names_its_source_and_the_source_its_day(name: str) -> None:
    sources = sources_of(name)
    known = base_model(name)
    figures = {*(field.name for field in fields(known)), *(field.name for field in fields(known.limits))} - {"limits"}
    assert set(sources) == figures
    for source in sources.values():
        assert source.what
        assert date(2026, 1, 1) < source.read < date(2030, 1, 1)
        assert source.as_of is None or source.as_of <= source.read


def test_a_price_is_from_elsewhere_than_a_limit() -> None:
    sources = sources_of("gemini-2.5-flash")
    assert "price" in sources["usd_per_million_tokens"].what
    assert sources["file_bytes"].at
    assert sources["file_bytes"].as_of == listed_as_of() == date(2026, 9, 25)
    assert "epochs" in sources["epochs"].what


def test_no_source_tells_how_many_epochs_the_service_takes_of_its_own() -> None:
    assert {base_model(name).epochs for name in LISTED} == {None}


@pytest.mark.parametrize("name", LISTED)
def test_the_limits_are_those_that_the_stand_in_judges_by(name: str) -> None:
    ours, theirs = base_model(name).limits, CATALOGUE[name]
    assert (ours.file_bytes, ours.rows, ours.example_tokens) == (
        theirs.dataset_bytes,
        theirs.examples,
        theirs.tokens_per_example,
    )
    assert (ours.audio_bytes, ours.audio_seconds) == (theirs.audio_bytes, theirs.audio_seconds)
    assert (ours.validation_always, ours.validation_share, ours.validation_most) == (
        theirs.validation_always,
        theirs.validation_fraction,
        theirs.validation_most,
    )
    assert base_model(name).adapter_sizes == theirs.adapter_sizes
    assert base_model(name).takes_own_key == theirs.takes_cmek


@pytest.mark.parametrize("name", LISTED)
@given(training=st.integers(0, 400_000))
def test_as_many_validation_rows_as_we_keep_are_allowed_and_one_more_is_not(name: str, training: int) -> None:
    most = base_model(name).limits.most_validation_rows(training)
    assert CATALOGUE[name].allows_validation(most, training)
    assert not CATALOGUE[name].allows_validation(most + 1, training)


def test_a_pairs_own_limits_are_those_of_the_catalogue() -> None:
    limits = base_model("gemini-2.5-flash").limits
    assert (limits.audio_bytes, limits.audio_seconds) == (PUBLISHED_AUDIO_BYTES, PUBLISHED_AUDIO_SECONDS)
