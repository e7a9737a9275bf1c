"""What can be set, and what is said of what cannot."""

import pytest
from pydantic import ValidationError

from attune.config import Settings, read_settings, written_digest
from attune.deployment import Deployment
from attune.domain.manner import Casing
from attune.domain.recipe import Promotion, Scope
from attune.domain.row import RowFormat

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


def test_settings_that_are_maps_are_laid_over_each_other_field_by_field() -> None:
    defaults = {"quality": {"max_repeats": 2, "advised_snr_db": 20}, "transcripts": {"casing": "lower"}}
    settings = read_settings(defaults, {"quality": {"max_repeats": 9}})
    assert isinstance(settings, Settings)
    assert (settings.quality.max_repeats, settings.quality.advised_snr_db) == (9, 20)
    assert settings.transcripts.casing is Casing.LOWER


def test_a_task_has_its_own_prompt_and_a_path_outside_its_folder_the_datasets() -> None:
    settings = read_settings(
        {}, {"prompt": "p", "tasks": {"mood": {"prompt": "Which mood?", "kind": "classification"}}}
    )
    assert isinstance(settings, Settings)
    assert settings.phrasing.template_at("mood/a").prompt == "Which mood?"
    assert settings.phrasing.template_at("moods/a").prompt == "p"


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
        (
            {"quality": {"max_audio_bytes": 200_000_000}},
            "quality",
            "max_audio_bytes must be more than 0 and at most 100,000,000",
        ),
        (
            {"quality": {"max_audio_seconds": 4000}},
            "quality",
            "max_audio_seconds must be more than 0 and at most 3,600",
        ),
        ({"quality": {"max_silent_share": 2}}, "quality", "max_silent_share is a share, at most 1"),
        ({"quality": {"min_audio_seconds": -1}}, "quality", "min_audio_seconds must be a number, 0 or more"),
        ({"quality": {"min_audio_seconds": float("nan")}}, "quality", "min_audio_seconds must be a number"),
        ({"quality": {"max_repeats": "often"}}, "quality.max_repeats", "integer"),
        ({"quality": {"max_noise": 3}}, "quality.max_noise", "Unexpected keyword"),
        ({"quality": {"severities": {"audio_lout": "look"}}}, "quality", "audio_lout is no rule"),
        ({"quality": {"severities": {"audio_loud": "bad"}}}, "quality", "refused, look or off, not bad"),
        ({"quality": {"severities": {"audio_empty": "look"}}}, "quality", "audio_empty cannot be changed"),
        ({"quality": {"severities": {"repaired_mark": "off"}}}, "quality", "tells of a repair"),
        ({"transcripts": {"casing": "title"}}, "transcripts.casing", "'keep', 'lower' or 'upper'"),
        ({"tasks": {"mood": {}}}, "tasks.mood.prompt", "Field required"),
        ({"tasks": {"a/b": {"prompt": "p"}}}, "tasks", "a task's name is that of a folder"),
        ({"tasks": {"mood": {"prompt": "p", "labels": ["x"]}}}, "tasks.mood", "labels are for kind classification"),
        ({"tasks": {"mood": {"prompt": "p", "json_schema": {}}}}, "tasks.mood", "a json_schema is for kind json"),
        (
            {"tasks": {"o": {"prompt": "p", "kind": "json", "json_schema": {"type": "thing"}}}},
            "tasks.o",
            "json_schema cannot be used",
        ),
        (
            {"tasks": {"mood": {"prompt": "p", "kind": "classification", "labels": ["x", "x"]}}},
            "tasks.mood",
            "stands twice",
        ),
        ({"over_limit": "drop"}, "over_limit", "'refuse' or 'sample'"),
        ({"max_run_cost_usd": -1}, "max_run_cost_usd", "greater than or equal to 0"),
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
