"""Cloud Build does what a person would do with make: as one who may only look, or, once approved, who may apply."""

import json
import re
from typing import Any

import pytest

from infra.workplace import PROJECT, ROOT, Workplace, resources, workplace

PIPELINE = (ROOT / "cloudbuild.yaml").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
VARIABLES: dict[str, object] = {
    "repository": f"projects/{PROJECT}/locations/us-central1/connections/host/repositories/attune",
    "state_bucket": f"{PROJECT}-attune-state",
}
READING = ("viewer", "Viewer", "reader", "Reviewer", "browser", "logWriter")


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    place = workplace(ROOT / "infra/delivery", tmp_path_factory.mktemp("delivery"))
    place.init()
    return place


@pytest.fixture(scope="module")
def delivered(delivery: Workplace) -> dict[str, Any]:
    return delivery.apply(**VARIABLES)


def test_the_steps_are_check_stage_plan_and_then_show_or_apply() -> None:
    assert re.findall(r"^  - id: (\S+)$", PIPELINE, re.MULTILINE) == ["check", "stage", "plan", "show-or-apply"]


def test_every_step_is_a_target_of_the_makefile() -> None:
    targets = {*re.findall(r"args: \[(\w+)", PIPELINE), *_verbs()}
    assert targets == {"check", "stage", "plan", "show", "apply"}
    missing = [target for target in sorted(targets) if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)]
    assert missing == []
    assert PIPELINE.count("entrypoint: make\n") == PIPELINE.count("  - id: ")


def test_there_is_no_secret_in_the_pipeline() -> None:
    said = PIPELINE.replace("Neither needs a secret", "")
    assert not re.search(r"secret|password|token|kms|private", said, re.IGNORECASE)


def test_it_is_applied_once_and_then_there_is_nothing_left_to_do(
    delivery: Workplace, delivered: dict[str, Any]
) -> None:
    assert len(list(resources(delivered, "google_cloudbuild_trigger"))) == 2
    assert not delivery.has_changes(**VARIABLES)


def test_what_applies_waits_for_a_person_and_what_shows_does_not(delivered: dict[str, Any]) -> None:
    waits = {
        each["values"]["substitutions"]["_VERB"]: each["values"]["approval_config"][0]["approval_required"]
        for each in resources(delivered, "google_cloudbuild_trigger")
    }
    assert waits == {"show": False, "apply": True}


def test_each_build_runs_under_an_account_of_its_own(delivered: dict[str, Any]) -> None:
    accounts = {
        each["values"]["substitutions"]["_VERB"]: each["values"]["service_account"].rpartition("/")[2]
        for each in resources(delivered, "google_cloudbuild_trigger")
    }
    assert accounts == {"show": _email("attune-plan"), "apply": _email("attune-deploy")}


def test_who_plans_may_change_nothing_but_the_states_lock(delivered: dict[str, Any]) -> None:
    changing = [
        (each["type"], each["values"]["role"])
        for each in _held(delivered, "attune-plan")
        if not each["values"]["role"].endswith(READING)
    ]
    assert changing == [("google_storage_bucket_iam_member", "roles/storage.objectUser")]


def test_who_plans_reads_no_recording(delivered: dict[str, Any]) -> None:
    (reads,) = [
        each for each in _held(delivered, "attune-plan") if each["values"]["role"] == "roles/storage.objectViewer"
    ]
    allowed = f'resource.name.startsWith("projects/_/buckets/{PROJECT}-attune-source/")'
    assert reads["values"]["condition"][0]["expression"] == allowed


def test_who_applies_holds_no_basic_role(delivered: dict[str, Any]) -> None:
    held = {each["values"]["role"] for each in _held(delivered, "attune-deploy")}
    assert held
    assert not held & {"roles/owner", "roles/editor", "roles/viewer"}


def test_who_applies_may_grant_what_the_configuration_grants_and_nothing_else(
    delivered: dict[str, Any], applied: dict[str, Any], traced: dict[str, Any]
) -> None:
    (condition,) = [
        each["values"]["condition"][0]["expression"]
        for each in _held(delivered, "attune-deploy")
        if each["values"].get("condition")
    ]
    allowed = set(json.loads(re.findall(r"hasOnly\((.*)\)$", condition)[0]))
    granted = [*resources(applied, "google_project_iam_member"), *resources(traced, "google_project_iam_member")]
    assert allowed == {each["values"]["role"] for each in granted if each["values"].get("role")}


def _held(state: dict[str, Any], account: str) -> list[dict[str, Any]]:
    member = f"serviceAccount:{_email(account)}"
    return [each for each in resources(state) if each["values"].get("member") == member and "role" in each["values"]]


def _email(account: str) -> str:
    return f"{account}@{PROJECT}.iam.gserviceaccount.com"


def _verbs() -> tuple[str, str]:
    """The default, and what stands beside it."""
    ((default, other),) = re.findall(r"_VERB: (\w+) # or (\w+)", PIPELINE)
    return default, other
