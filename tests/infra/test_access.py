"""Who may do what: nobody everything, nobody from outside, and each function only what its adapters call for."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from attune.services.doctor.rights import removable
from attune.services.encode import recording_name, row_name, text_name
from attune.services.report.places import lines_name, page_name, report_store
from attune.services.shards import draft_store, row_store
from infra import judging
from infra.workplace import FUNCTIONS, HERE, PROJECT, resources, workplace
from rights.conditions import holds

RULES = (
    judging.public_members,
    judging.basic_roles,
    judging.admin_roles,
    judging.open_buckets,
    judging.shared_accounts,
    judging.unretried,
    judging.open_functions,
    judging.writing_where_they_listen,
)
INTAKE, DATASET = f"{PROJECT}-attune-intake", f"{PROJECT}-attune-datasets"
MOST_OPERATORS = 12  # in one condition, by IAM's limits
STORAGE_AGENT = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
PUBSUB_AGENT = "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
TUNING_AGENT = "service-123456789012@gcp-sa-vertex-tune.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plan of a configuration that breaks every rule."""
    place = workplace(HERE / "samples/open", tmp_path_factory.mktemp("open"))
    place.init()
    return place.plan()


@pytest.mark.parametrize("rule", [*RULES, judging.policies_and_bindings], ids=lambda rule: rule.__name__)
def test_what_is_planned_and_applied_breaks_no_rule(
    rule: Callable[[Any], list[str]], planned: dict[str, Any], applied: dict[str, Any]
) -> None:
    assert rule(planned) == rule(applied) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_careless_plan_breaks_every_rule(rule: Callable[[Any], list[str]], careless: dict[str, Any]) -> None:
    assert rule(careless) != []


def test_a_careless_plan_writes_and_deletes_where_it_listens(careless: dict[str, Any]) -> None:
    found = judging.writing_where_they_listen(careless)
    for name in ("listens_and_writes", "listens_and_deletes"):
        assert f"google_storage_bucket_iam_member.{name}" in found


def test_the_roles_of_the_functions_are_these_and_no_more(applied: dict[str, Any]) -> None:
    held = {name: {(role, on) for role, on in _held(applied, f"attune-{name}")} for name in FUNCTIONS}
    database = ("roles/datastore.user", PROJECT)
    events, launch = ("roles/pubsub.publisher", "attune-events"), ("roles/pubsub.publisher", "attune-launch")
    reads, finds, writes, removes = (_own(name) for name in ("Reader", "Finder", "Writer", "Remover"))
    assert held["ingest"] == {database, (finds, INTAKE), (reads, DATASET), (writes, DATASET), events, launch}
    assert held["erase"] == {database, (finds, INTAKE)}
    assert held["launch"] == {
        database,
        (finds, DATASET),
        (writes, DATASET),
        (removes, DATASET),
        events,
        (_own("Tuner"), PROJECT),
        ("roles/iam.serviceAccountUser", f"projects/{PROJECT}/serviceAccounts/{_email('attune-tuning')}"),
    }
    assert held["watch"] == {
        database,
        (finds, INTAKE),
        (finds, DATASET),
        (writes, DATASET),
        (removes, DATASET),
        events,
        launch,
        (_own("Follower"), PROJECT),
    }


def test_traces_to_google_take_an_api_and_a_role_for_each_function_and_nothing_else(
    planned: dict[str, Any], traced: dict[str, Any]
) -> None:
    without, more = _addresses(planned), _addresses(traced)
    assert without < more
    assert more - without == {
        'google_project_service.api["telemetry.googleapis.com"]',
        *(f'google_project_iam_member.writes_spans["{name}"]' for name in FUNCTIONS),
    }
    held = [each["values"] for each in resources(traced) if "writes_spans" in each["address"]]
    assert {each["role"] for each in held} == {"roles/telemetry.tracesWriter"}


def _addresses(plan: dict[str, Any]) -> set[str]:
    return {each["address"] for each in resources(plan)}


def test_a_role_on_a_bucket_holds_what_its_name_says_and_nothing_else(applied: dict[str, Any]) -> None:
    roles = {each["values"]["id"]: each["values"]["permissions"] for each in _custom_roles(applied)}
    assert {name: roles[_own(name)] for name in ("Reader", "Finder", "Writer", "Remover")} == {
        "Reader": ["storage.objects.get"],
        "Finder": ["storage.objects.get", "storage.objects.list"],
        "Writer": ["storage.objects.create"],
        "Remover": ["storage.objects.delete"],
    }


def test_nobody_may_delete_but_launch_and_watch_and_each_only_what_is_its_own(applied: dict[str, Any]) -> None:
    deleting = {
        each["values"]["id"]
        for each in _custom_roles(applied)
        if "storage.objects.delete" in each["values"]["permissions"]
    }
    grants = [each["values"] for each in resources(applied) if each["values"].get("role") in deleting]
    assert {(grant["member"], grant["bucket"]): grant["condition"][0]["expression"] for grant in grants} == {
        (f"serviceAccount:{_email(f'attune-{name}')}", DATASET): removable(name, DATASET)
        for name in ("launch", "watch")
    }


@pytest.mark.parametrize(
    ("function", "name", "may"),
    [
        ("launch", row_store("calls", "").joined(["x"]), True),
        ("launch", row_store("calls", "").lines(b"x"), True),
        ("launch", draft_store("calls").joined(["x"]), True),
        ("launch", report_store("calls", "1").joined(["x"]), False),
        ("launch", row_name("calls", "x"), False),
        ("launch", "runs/calls/000001/train.jsonl", False),
        ("watch", row_store("calls", "").joined(["x"]), True),
        ("watch", report_store("calls", "1").lines(b"x"), True),
        ("watch", lines_name("calls"), True),
        ("watch", page_name("calls"), True),
        ("watch", row_name("calls", "x"), True),
        ("watch", recording_name("calls", "x", ".wav"), True),
        ("watch", text_name("calls", "x", "y"), True),
        ("watch", "runs/calls/000001/train.jsonl", True),
        ("watch", "runs/calls/000001/validation.jsonl", True),
        ("watch", "runs/calls/000001/manifest.jsonl", False),
        ("watch", "runs/calls/000001/hold-out.jsonl", False),
        ("watch", "elsewhere/runs/train.jsonl", False),
    ],
)
def test_what_may_be_deleted_is_what_the_code_deletes(
    function: str, name: str, applied: dict[str, Any], *, may: bool
) -> None:
    (grant,) = (
        each["values"]
        for each in resources(applied, "google_storage_bucket_iam_member")
        if each["values"]["role"] == _own("Remover") and each["values"]["member"].endswith(_email(f"attune-{function}"))
    )
    assert holds(grant["condition"][0]["expression"], f"projects/_/buckets/{DATASET}/objects/{name}") is may


def test_a_condition_is_of_no_more_operators_than_are_taken(applied: dict[str, Any]) -> None:
    conditions = [
        condition["expression"]
        for each in resources(applied)
        if "role" in each["values"]
        for condition in each["values"].get("condition") or []
    ]
    assert len(conditions) > 3
    assert max(len(re.findall(r"&&|[|]{2}|!(?!=)", expression)) for expression in conditions) <= MOST_OPERATORS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_triggers_account_receives_events_and_calls_its_own_function_only(name: str, applied: dict[str, Any]) -> None:
    assert set(_held(applied, f"attune-{name}-trigger")) == {
        ("roles/eventarc.eventReceiver", PROJECT),
        ("roles/run.invoker", f"attune-{name}"),
    }


def test_the_build_account_logs_reads_sources_and_writes_images(applied: dict[str, Any]) -> None:
    assert set(_held(applied, "attune-build")) == {
        ("roles/logging.logWriter", PROJECT),
        ("roles/storage.objectViewer", PROJECT),  # under a condition: Cloud Functions' own bucket of sources
        ("roles/storage.objectViewer", f"{PROJECT}-attune-source"),
        ("roles/artifactregistry.writer", "attune"),
    }


def test_what_is_granted_on_the_whole_project_is_narrowed_where_it_can_be(applied: dict[str, Any]) -> None:
    conditions = {
        (each["values"]["role"], each["values"]["condition"][0]["expression"])
        for each in resources(applied, "google_project_iam_member")
        if each["values"]["condition"]
    }
    assert conditions == {
        ("roles/datastore.user", f'resource.name == "projects/{PROJECT}/databases/(default)"'),
        (
            "roles/storage.objectViewer",
            'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-123456789012-us-central1")',
        ),
    }


def test_googles_agents_may_announce_objects_and_bury_dead_letters(applied: dict[str, Any]) -> None:
    assert list(_held(applied, STORAGE_AGENT)) == [("roles/pubsub.publisher", PROJECT)]
    assert set(_held(applied, PUBSUB_AGENT)) == {
        ("roles/pubsub.publisher", "attune-dead-letters"),
        ("roles/pubsub.subscriber", "attune-events-watch"),
    }


def test_nothing_is_granted_to_the_tuning_agent_before_the_first_job_has_made_it(applied: dict[str, Any]) -> None:
    assert list(_held(applied, TUNING_AGENT)) == []


def test_the_tuning_agent_takes_on_our_account_once_it_is_there(with_agent: dict[str, Any]) -> None:
    assert {role for role, _ in _held(with_agent, TUNING_AGENT)} == {
        "roles/storage.objectViewer",
        "roles/iam.serviceAccountTokenCreator",
    }
    assert set(_held(with_agent, "attune-tuning")) == {
        ("roles/aiplatform.tuningServiceAgent", PROJECT),
        ("roles/storage.objectViewer", DATASET),
    }


def _held(state: dict[str, Any], account: str) -> list[tuple[str, str]]:
    """The account's grants: role, and what it is granted on."""
    member = f"serviceAccount:{account if '@' in account else _email(account)}"
    return [
        (each["values"]["role"], _on(each["values"]))
        for each in resources(state)
        if each["values"].get("member") == member and "role" in each["values"]
    ]


def _own(name: str) -> str:
    return f"projects/{PROJECT}/roles/attune{name}"


def _custom_roles(state: dict[str, Any]) -> list[dict[str, Any]]:
    return list(resources(state, "google_project_iam_custom_role"))


def _on(grant: dict[str, Any]) -> str:
    narrowest = ("bucket", "topic", "subscription", "service_account_id", "repository", "name", "project")
    return next((str(grant[what]) for what in narrowest if grant.get(what)), "not known yet")


def _email(account: str) -> str:
    return f"{account}@{PROJECT}.iam.gserviceaccount.com"
