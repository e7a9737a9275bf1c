"""What `attune doctor` looks for is what the infrastructure makes, and so is what the local stack lets it find."""

from __future__ import annotations

from typing import Any

from attune.deployment import Deployment
from attune.ports_project import Grant, Kind, Place
from attune.services.doctor.access import DEPLOYS
from attune.services.doctor.indexes import index_for
from attune.services.doctor.indexes import questions as questions_looked_for
from attune.services.doctor.names import (
    APIS,
    EVENTS,
    FUNCTIONS,
    KEPT_SECONDS,
    ROLES,
    TRACES_API,
    Names,
    dataset_bucket,
    intake_bucket,
    source_bucket,
)
from attune.services.doctor.rights import Charter
from infra import questions
from infra.made import FILE, made, written
from infra.workplace import PROJECT, ROOT, resources

NUMBER = "123456789012"
NAMES = Names(
    Deployment(
        project=PROJECT,
        region="us-central1",
        intake_bucket=intake_bucket(PROJECT),
        dataset_bucket=dataset_bucket(PROJECT),
    )
)
KINDS = {"service": Kind.SERVICE, "account": Kind.ACCOUNT}


def test_the_local_stack_tells_of_what_an_apply_makes(applied: dict[str, Any]) -> None:
    assert written() == made(applied), f"write {FILE.name} anew: PYTHONPATH=tests .venv/bin/python -m infra.made"


def test_the_rights_are_those_that_are_granted_and_no_others(applied: dict[str, Any]) -> None:
    wanted = Charter(NAMES, NUMBER, tuning_account=False).rights()
    assert {(right.on, right.grant) for right in wanted if not right.by_google} == granted(applied)


def test_the_tuning_agents_rights_are_those_that_are_granted_once_it_is_there(
    with_agent: dict[str, Any],
) -> None:
    charter = Charter(NAMES, NUMBER, tuning_account=True)
    looked_for = set(charter.rights()) - set(Charter(NAMES, NUMBER, tuning_account=False).rights())
    agent = f"serviceAccount:{charter.agent('gcp-sa-vertex-tune')}"
    planned = {each["values"]["role"] for each in resources(with_agent) if each["values"].get("member") == agent}
    assert {(right.grant.role, right.grant.member) for right in looked_for} == {(role, agent) for role in planned}


def test_traces_to_google_are_looked_for_as_they_are_let_in(planned: dict[str, Any], traced: dict[str, Any]) -> None:
    charter = Charter(NAMES, NUMBER, tuning_account=False, traced=True)
    more = set(charter.rights()) - set(Charter(NAMES, NUMBER, tuning_account=False).rights())
    spans = [each["values"] for each in resources(traced) if "writes_spans" in each["address"]]
    assert {right.grant.role for right in more} == {each["role"] for each in spans}
    assert len(more) == len(spans) == len(FUNCTIONS)
    with_and_without = (_apis(traced), _apis(planned))
    assert with_and_without == ({*APIS, TRACES_API}, set(APIS))


def _apis(plan: dict[str, Any]) -> set[str]:
    return {each["values"]["service"] for each in resources(plan, "google_project_service")}


def test_the_apis_are_those_that_are_turned_on(applied: dict[str, Any]) -> None:
    assert set(APIS) == {each["values"]["service"] for each in resources(applied, "google_project_service")}


def test_the_projects_own_roles_hold_what_is_looked_for(applied: dict[str, Any]) -> None:
    roles = [each["values"] for each in resources(applied, "google_project_iam_custom_role")]
    assert {role["role_id"]: set(role["permissions"]) for role in roles} == {
        name: set(permissions) for name, permissions in ROLES.items()
    }


def test_accounts_buckets_and_topics_are_those_that_are_made(applied: dict[str, Any]) -> None:
    accounts = {each["values"]["account_id"] for each in resources(applied, "google_service_account")}
    buckets = {each["values"]["name"] for each in resources(applied, "google_storage_bucket")}
    topics = {each["values"]["name"] for each in resources(applied, "google_pubsub_topic")}
    assert set(NAMES.accounts) == accounts
    assert {NAMES.at.intake_bucket, NAMES.at.dataset_bucket, source_bucket(PROJECT)} == buckets
    assert set(NAMES.topics) == topics


def test_what_sets_each_function_off_is_what_is_looked_for(applied: dict[str, Any]) -> None:
    functions = {
        each["values"]["name"]: each["values"] for each in resources(applied, "google_cloudfunctions2_function")
    }
    assert set(functions) == {f"attune-{name}" for name in FUNCTIONS}
    for name in FUNCTIONS:
        (trigger,) = functions[f"attune-{name}"]["event_trigger"]
        buckets = [each["value"] for each in trigger["event_filters"]]
        topic = None if buckets else trigger["pubsub_topic"].rpartition("/")[2]
        assert trigger["event_type"] == EVENTS[name]
        assert (next(iter(buckets), None), topic) == NAMES.listens(name)


def test_what_becomes_of_what_is_deleted_is_what_is_looked_for(applied: dict[str, Any]) -> None:
    buckets = {each["values"]["name"]: each["values"] for each in resources(applied, "google_storage_bucket")}
    for name in (NAMES.at.intake_bucket, NAMES.at.dataset_bucket):
        assert buckets[name]["versioning"][0]["enabled"] is False
        assert buckets[name]["soft_delete_policy"][0]["retention_duration_seconds"] == KEPT_SECONDS


def test_every_question_that_the_code_asks_is_looked_for() -> None:
    asked = questions.questions()
    assert {name: str(index_for(question)) for name, question in questions_looked_for().items()} == {
        name: str(index_for(question)) for name, question in asked.items()
    }


def test_a_person_is_asked_for_the_roles_that_the_delivery_has() -> None:
    text = (ROOT / "infra/delivery/accounts.tf").read_text()
    assert [role for role in DEPLOYS.values() if f'"{role}"' not in text] == []


def granted(applied: dict[str, Any]) -> set[tuple[Place, Grant]]:
    """Every grant, and what it is on."""
    return {
        (_place(grant["on"]), Grant(grant["role"], grant["member"], grant["condition"])) for grant in grants(applied)
    }


def grants(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The grants of a plan or a state, as the stand-in has them, with their names put in."""
    return [
        {name: _named(value) for name, value in record.items()} for record in made(state) if record["kind"] == "grant"
    ]


def _named(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    stands = {
        "${intake}": intake_bucket(PROJECT),
        "${dataset}": dataset_bucket(PROJECT),
        "${project}": PROJECT,
        "${number}": NUMBER,
        "${region}": "us-central1",
    }
    for place, name in stands.items():
        value = value.replace(place, name)
    return value


def _place(on: str) -> Place:
    kind, _, name = on.partition("/")
    return Place(KINDS.get(kind) or Kind(kind), name)
