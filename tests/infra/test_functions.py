"""What the code assumes of its deployment, and what the deployment gives it, are the same."""

from collections.abc import Mapping
from typing import Any

import pytest

from attune.deployment import Deployment
from attune.domain.quality.limits import PUBLISHED_AUDIO_BYTES
from attune.entry.envelope import DELETED, FINALIZED, PUBLISHED
from attune.services.sweep.objects import _BYTES_AT_ONCE
from attune_local.stack import plan as local
from infra.workplace import FUNCTIONS, PROJECT, ROOT, Workplace, resources

LARGEST_AT_ONCE = 3  # a call holds a recording, its base64, and what of it is being decoded
INTERPRETER_BYTES = 400_000_000  # Python with the clients loaded, and its buffers
LONGEST_FOR_EVENTS = 540  # seconds; Google's limit for functions that take events
REST_OF_A_TICK_BYTES = 1_000_000_000  # a report's rows, an evaluation's recordings and answers
UNITS = {"Mi": 2**20, "Gi": 2**30}
LEFT_AT_THEIR_DEFAULTS = {
    "vertex_endpoint",  # only a local stack has one
    "tuning_service_account",  # until the project has had its first tuning job
    "kms_key",  # only where somebody has one
    "lease_seconds",
    "intent_seconds",
    "stalled_seconds",
    "budget_seconds",
    "oldest_event_seconds",
    "traces",  # nobody keeps spans, unless asked to
}
EVENTS_COME_FOR = 24 * 60 * 60  # seconds that Eventarc tries again


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_environment_has_every_variable_of_a_deployment_and_no_other(name: str, planned: dict[str, Any]) -> None:
    given = {key for key in _environment(planned, name) if key.startswith("ATTUNE_")}
    assert given == {f"ATTUNE_{field.upper()}" for field in set(Deployment.model_fields) - LEFT_AT_THEIR_DEFAULTS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_environment_makes_a_deployment_with_the_names_that_were_created(
    name: str, planned: dict[str, Any]
) -> None:
    deployment = Deployment.from_environment(_environment(planned, name))
    assert (deployment.project, deployment.region) == (PROJECT, "us-central1")
    assert {deployment.intake_bucket, deployment.dataset_bucket} < _names(planned, "google_storage_bucket")
    assert {deployment.events_topic, deployment.launch_topic} < _names(planned, "google_pubsub_topic")
    assert deployment.firestore_database in _names(planned, "google_firestore_database")


def test_jobs_run_under_our_account_once_the_agent_is_there(with_agent: dict[str, Any]) -> None:
    deployment = Deployment.from_environment(_environment(with_agent, "launch"))
    assert deployment.tuning_service_account == f"attune-tuning@{PROJECT}.iam.gserviceaccount.com"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_where_its_traces_go(name: str, traced: dict[str, Any]) -> None:
    assert Deployment.from_environment(_environment(traced, name)).traces == "otlp"


def test_topics_and_subscriptions_are_named_as_in_the_code_and_on_the_local_stack(planned: dict[str, Any]) -> None:
    defaults = Deployment(project="p", region="r", intake_bucket="i", dataset_bucket="d")
    topics = _names(planned, "google_pubsub_topic")
    assert topics - {"attune-dead-letters"} == {defaults.events_topic, defaults.launch_topic, local.TICK_TOPIC}
    assert {defaults.events_topic, defaults.launch_topic} == {local.EVENTS_TOPIC, local.LAUNCH_TOPIC}
    assert local.EVENTS_SUBSCRIPTION in _names(planned, "google_pubsub_subscription")


def test_each_function_listens_to_what_its_door_takes(applied: dict[str, Any]) -> None:
    triggers = {name: _function(applied, name)["event_trigger"][0] for name in FUNCTIONS}
    assert {name: trigger["event_type"] for name, trigger in triggers.items()} == {
        "ingest": FINALIZED,
        "erase": DELETED,
        "launch": PUBLISHED,
        "watch": PUBLISHED,
    }
    topics = {trigger.function: f"projects/{PROJECT}/topics/{trigger.topic}" for trigger in local.TRIGGERS}
    assert {name: triggers[name]["pubsub_topic"] for name in ("launch", "watch")} == {
        name: topics[name] for name in ("launch", "watch")
    }


@pytest.mark.parametrize("name", ["ingest", "erase"])
def test_what_listens_to_the_intake_bucket_listens_where_it_is(name: str, planned: dict[str, Any]) -> None:
    trigger = _function(planned, name)["event_trigger"][0]
    (watched,) = trigger["event_filters"]
    (bucket,) = [b for b in resources(planned, "google_storage_bucket") if b["values"]["name"] == watched["value"]]
    assert bucket["name"] == "intake"
    assert bucket["values"]["location"].lower() == trigger["trigger_region"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_as_many_threads_as_it_is_given_events_at_once(name: str, planned: dict[str, Any]) -> None:
    assert _environment(planned, name)["THREADS"] == str(_service(planned, name)["max_instance_request_concurrency"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_instance_with_more_than_one_event_at_once_has_a_whole_cpu(name: str, planned: dict[str, Any]) -> None:
    assert float(_service(planned, name)["available_cpu"]) >= 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_limit_is_stated(name: str, planned: dict[str, Any]) -> None:
    service = _service(planned, name)
    assert 0 < service["timeout_seconds"] <= LONGEST_FOR_EVENTS
    assert service["max_instance_count"] >= 1
    assert service["all_traffic_on_latest_revision"] is True
    assert _function(planned, name)["build_config"][0]["runtime"] == "python311"


def test_a_lease_outlasts_a_call_and_a_calls_budget_does_not(planned: dict[str, Any]) -> None:
    for name in ("launch", "watch"):
        deployment = Deployment.from_environment(_environment(planned, name))
        timeout = _service(planned, name)["timeout_seconds"]
        assert deployment.budget_seconds < timeout < deployment.lease_seconds
        assert deployment.intent_seconds < timeout


def test_ingest_has_room_for_its_largest_recordings_all_at_once(planned: dict[str, Any]) -> None:
    service = _service(planned, "ingest")
    at_once = service["max_instance_request_concurrency"]
    assert _bytes(service["available_memory"]) >= LARGEST_AT_ONCE * PUBLISHED_AUDIO_BYTES * at_once + INTERPRETER_BYTES


def test_watch_has_room_for_what_the_sweep_judges_at_once_beside_the_rest_of_a_tick(planned: dict[str, Any]) -> None:
    service, swept = _service(planned, "watch"), max(_BYTES_AT_ONCE, PUBLISHED_AUDIO_BYTES)
    assert service["max_instance_request_concurrency"] == 1
    assert _bytes(service["available_memory"]) >= LARGEST_AT_ONCE * swept + INTERPRETER_BYTES + REST_OF_A_TICK_BYTES


def test_erase_has_room_for_the_interpreter(planned: dict[str, Any]) -> None:
    assert _bytes(_service(planned, "erase")["available_memory"]) >= INTERPRETER_BYTES


def test_the_sweep_begins_anew_after_so_many_hours(place: Workplace, planned: dict[str, Any]) -> None:
    """The deployment's own default is the one that the code states."""
    default = Deployment(project="p", region="r", intake_bucket="i", dataset_bucket="d").sweep_seconds
    assert _environment(planned, "watch")["ATTUNE_SWEEP_SECONDS"] == str(default)
    assert _environment(place.plan(sweep_hours=6), "watch")["ATTUNE_SWEEP_SECONDS"] == str(6 * 60 * 60)


def test_an_event_is_left_to_the_sweep_before_it_comes_no_more(planned: dict[str, Any]) -> None:
    assert Deployment.from_environment(_environment(planned, "ingest")).oldest_event_seconds < EVENTS_COME_FOR


def test_the_functions_are_those_that_are_in_the_repository(planned: dict[str, Any]) -> None:
    doors = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert doors == set(FUNCTIONS)
    deployed = {each["values"]["name"] for each in resources(planned, "google_cloudfunctions2_function")}
    assert deployed == {f"attune-{name}" for name in doors}


def test_a_functions_entry_point_stands_in_its_door(planned: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        entry = _function(planned, name)["build_config"][0]["entry_point"]
        assert f"def {entry}(" in (ROOT / "functions" / name / "main.py").read_text()


def test_the_tick_comes_every_minute_into_the_topic_that_watch_listens_to(applied: dict[str, Any]) -> None:
    (job,) = resources(applied, "google_cloud_scheduler_job")
    assert job["values"]["schedule"] == "* * * * *"
    assert job["values"]["pubsub_target"][0]["topic_name"] == f"projects/{PROJECT}/topics/{local.TICK_TOPIC}"


def _function(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    (found,) = [
        each["values"]
        for each in resources(state, "google_cloudfunctions2_function")
        if each["values"]["name"] == f"attune-{name}"
    ]
    return dict(found)


def _service(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    return dict(_function(state, name)["service_config"][0])


def _environment(state: Mapping[str, Any], name: str) -> dict[str, str]:
    return dict(_service(state, name)["environment_variables"])


def _names(state: Mapping[str, Any], kind: str) -> set[str]:
    return {str(each["values"]["name"]) for each in resources(state, kind)}


def _bytes(memory: str) -> int:
    return int(memory[:-2]) * UNITS[memory[-2:]]
