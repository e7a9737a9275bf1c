"""What can be set, and what is said of what cannot."""

import pytest
from pydantic import ValidationError

from attune.config import Deployment, Settings, read_settings, written_digest
from attune.domain.row import RowFormat
from attune.domain.run import Promotion, Scope

ENVIRONMENT = {
    "ATTUNE_PROJECT": "p",
    "ATTUNE_REGION": "us-central1",
    "ATTUNE_INTAKE_BUCKET": "in",
    "ATTUNE_DATASET_BUCKET": "out",
}


def test_nothing_written_is_the_documented_defaults() -> None:
    settings = read_settings({}, {})
    assert settings == Settings()
    assert isinstance(settings, Settings)
    assert (settings.threshold, settings.prompt, settings.row_format, settings.base_model) == (
        100,
        "Transcribe this audio verbatim.",
        RowFormat.FILE_URI,
        "gemini-2.5-flash",
    )
    assert (settings.validation_fraction, settings.scope, settings.promotion) == (0.1, Scope.ALL, Promotion.AUTO)


def test_a_datasets_own_settings_lie_over_the_defaults() -> None:
    settings = read_settings({"threshold": 5, "epochs": 3}, {"threshold": 7})
    assert isinstance(settings, Settings)
    assert (settings.threshold, settings.epochs) == (7, 3)


def test_numbers_that_firestore_keeps_as_floats_are_taken() -> None:
    settings = read_settings({}, {"threshold": 7.0, "validation_fraction": 0})
    assert isinstance(settings, Settings)
    assert settings.threshold == 7


@pytest.mark.parametrize(
    ("written", "field", "says"),
    [
        ({"threshold": 0}, "threshold", "greater than or equal to 1"),
        ({"threshold": "many"}, "threshold", "valid integer"),
        ({"threshold": 1.5}, "threshold", "integer"),
        ({"treshold": 5}, "treshold", "not permitted"),
        ({"prompt": ""}, "prompt", "at least 1 character"),
        ({"row_format": "csv"}, "row_format", "'file_uri' or 'inline_data'"),
        ({"scope": "some"}, "scope", "'all' or 'new'"),
        ({"promotion": "never"}, "promotion", "'auto' or 'manual'"),
        ({"adapter_size": 3}, "adapter_size", "must be 1, 2, 4, 8 or 16"),
        ({"alias": "a/b"}, "alias", "without a slash"),
        ({"alias": "__a__"}, "alias", "reserved names"),
        ({"alias": ".."}, "alias", "reserved names"),
        ({"group_by": "("}, "group_by", "is no regular expression"),
        ({"group_by": "(a)(b)"}, "group_by", "at most one group"),
        ({"validation_fraction": 0.9}, "validation_fraction", "less than or equal to 0.5"),
        ({"max_audio_bytes": 200_000_000}, "max_audio_bytes", "less than or equal to 100000000"),
        ({"max_audio_seconds": 4000}, "max_audio_seconds", "less than or equal to 3600"),
        ({"max_wait_hours": 0}, "max_wait_hours", "greater than 0"),
        ({"cooldown_hours": -1}, "cooldown_hours", "greater than or equal to 0"),
        ({"paused": "perhaps"}, "paused", "boolean"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(written: dict[str, object], field: str, says: str) -> None:
    errors = read_settings({}, written)
    assert isinstance(errors, tuple)
    assert [error.partition(":")[0] for error in errors] == [field]
    assert says in errors[0]


def test_every_error_is_told_at_once() -> None:
    errors = read_settings({"threshold": 0}, {"epochs": 0, "scope": "x"})
    assert isinstance(errors, tuple)
    assert [error.partition(":")[0] for error in errors] == ["threshold", "epochs", "scope"]


def test_a_recipe_is_what_the_settings_say_and_the_alias_is_the_dataset_unless_named() -> None:
    recipe = Settings(prompt="p", system_instruction="s", epochs=2, adapter_size=8).recipe("d")
    assert (recipe.prompt, recipe.system_instruction, recipe.epochs, recipe.adapter_size) == ("p", "s", 2, 8)
    assert recipe.alias == "d"
    assert Settings(alias="champion").recipe("d").alias == "champion"


def test_the_same_two_documents_have_the_same_digest_in_any_order_of_their_fields() -> None:
    assert written_digest({"a": 1, "b": 2}, {}) == written_digest({"b": 2, "a": 1}, {})


def test_every_edit_has_another_digest() -> None:
    documents: list[tuple[dict[str, object], dict[str, object]]] = [
        ({}, {}),
        ({"threshold": 1}, {}),
        ({}, {"threshold": 1}),
        ({}, {"threshold": 2}),
        ({}, {"threshold": "2"}),
    ]
    assert len({written_digest(*written) for written in documents}) == len(documents)


def test_a_deployment_is_read_from_its_environment() -> None:
    deployment = Deployment.from_environment({**ENVIRONMENT, "ATTUNE_MAX_CONCURRENT_JOBS": "3", "OTHER": "x"})
    assert (deployment.project, deployment.intake_bucket, deployment.max_concurrent_jobs) == ("p", "in", 3)
    assert (deployment.events_topic, deployment.firestore_database) == ("attune-events", "(default)")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Deployment.from_environment({**ENVIRONMENT, "ATTUNE_EVENTS_TOPIC": ""}).events_topic == "attune-events"


def test_a_deployment_without_a_bucket_is_refused_with_its_name() -> None:
    with pytest.raises(ValidationError, match="intake_bucket"):
        Deployment.from_environment({"ATTUNE_PROJECT": "p", "ATTUNE_REGION": "r", "ATTUNE_DATASET_BUCKET": "out"})
