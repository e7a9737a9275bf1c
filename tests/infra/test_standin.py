"""A stand-in that let everything pass would prove nothing: what the real provider refuses, this one refuses too."""

from pathlib import Path

import pytest

from infra.workplace import HERE, workplace

SAMPLES = HERE / "samples"

SHAPE = (
    'An argument named "retention" is not expected here',
    'The provider hashicorp/google does not support resource type\n"google_pubsub_theme"',
    'The argument "location" is required, but no definition was found',
    'The argument "value" is required, but no definition was found',
    'At least 1 "destination" blocks are required',
    'Blocks of type "build" are not expected here',
    'An argument named "service_config" is not expected here',
    'No more than 1 "retry_policy" blocks are allowed',
)
ENUM = (
    'expected type to be one of ["FIRESTORE_NATIVE", "DATASTORE_MODE"], got',
    "expected event_trigger.retry_policy to be one of",
    'expected public_access_prevention to be one of ["enforced", "inherited"], got',
)
CROSS = (
    "exactly one of pubsub_target, http_target, app_engine_http_target must be\nset, got none",
    "got ['pubsub_target', 'http_target']",
    "exactly one of content, source must be set, got none",
    "account_id: 'Bad' does not match",
)


@pytest.mark.parametrize(("sample", "complaints"), [("shape", SHAPE), ("enum", ENUM), ("cross", CROSS)])
def test_a_bad_configuration_is_refused_with_every_reason(
    sample: str, complaints: tuple[str, ...], tmp_path: Path
) -> None:
    said = _refusal(sample, tmp_path)
    assert [complaint for complaint in complaints if _plain(complaint) not in said] == []


def _refusal(sample: str, at: Path) -> str:
    place = workplace(SAMPLES / sample, at)
    place.init()
    answer = place.run("validate", "-no-color", check=False)
    assert answer.code == 1
    return _plain(answer.complained)


def _plain(text: str) -> str:
    """Terraform breaks its lines and draws a box around them."""
    return " ".join(text.replace("│", " ").replace("╷", " ").replace("╵", " ").split())
