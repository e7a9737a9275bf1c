"""Who may do what: nobody everything, nobody from outside, and each function only what its adapters call for."""

from collections.abc import Callable
from typing import Any

import pytest

from infra import judging
from infra.workplace import FUNCTIONS, HERE, PROJECT, resources, workplace

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
def test_the_plan_breaks_no_rule(rule: Callable[[Any], list[str]], planned: dict[str, Any]) -> None:
    assert rule(planned) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_careless_plan_breaks_every_rule(rule: Callable[[Any], list[str]], careless: dict[str, Any]) -> None:
    assert rule(careless) != []


def test_the_roles_of_the_functions_are_these_and_no_more(applied: dict[str, Any]) -> None:
    held = {name: {(role, on) for role, on in _held(applied, f"attune-{name}")} for name in FUNCTIONS}
    database, reads, creates = (
        ("roles/datastore.user", PROJECT),
        "roles/storage.objectViewer",
        "roles/storage.objectCreator",
    )
    events, launch = ("roles/pubsub.publisher", "attune-events"), ("roles/pubsub.publisher", "attune-launch")
    common = {database, (reads, DATASET), (creates, DATASET), events}
    assert held["ingest"] == common | {(reads, INTAKE), launch}
    assert held["launch"] == common | {
        (f"projects/{PROJECT}/roles/attuneTuner", PROJECT),
        ("roles/iam.serviceAccountUser", f"projects/{PROJECT}/serviceAccounts/{_email('attune-tuning')}"),
    }
    assert held["watch"] == common | {
        (f"projects/{PROJECT}/roles/attuneFollower", PROJECT),
        (f"projects/{PROJECT}/roles/attuneReporter", DATASET),
        launch,
    }


def test_only_reports_may_be_replaced_and_only_by_the_watch(applied: dict[str, Any]) -> None:
    roles = [each["values"] for each in resources(applied, "google_project_iam_custom_role")]
    deleting = {role["id"] for role in roles if "storage.objects.delete" in role["permissions"]}
    grants = [each["values"] for each in resources(applied) if each["values"].get("role") in deleting]
    assert [(grant["member"], grant["bucket"], grant["condition"][0]["expression"]) for grant in grants] == [
        (
            f"serviceAccount:{_email('attune-watch')}",
            DATASET,
            f'resource.name.startsWith("projects/_/buckets/{DATASET}/objects/reports/")',
        )
    ]


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


def _on(grant: dict[str, Any]) -> str:
    narrowest = ("bucket", "topic", "subscription", "service_account_id", "repository", "name", "project")
    return next((str(grant[what]) for what in narrowest if grant.get(what)), "not known yet")


def _email(account: str) -> str:
    return f"{account}@{PROJECT}.iam.gserviceaccount.com"
