"""Each thing that is wrong is found, by the calls that are made to Google's admin APIs, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest
import requests

from attune.ports_project import UnseenError
from attune.services.doctor.access import DEPLOYS
from attune.services.doctor.findings import Status, worst
from attune.services.doctor.names import APIS, FUNCTIONS, ROLES
from attune_local.admin.state import NUMBER
from doctor_room import DATASET, INTAKE, PROJECT, Paper, Room, only, room, said

NOT_SEEN = "(a grant further up, through a group, or on the project under a condition of its own, is not seen here)"
KEY = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
OTHERS = "1-compute@developer.gserviceaccount.com"
IAM = f"{PROJECT}.iam.gserviceaccount.com"
ERASES = f"serviceAccount:attune-erase@{IAM}"


@pytest.fixture(scope="module")
def served() -> Iterator[Room]:
    with room() as made:
        yield made


@pytest.fixture
def clinic(served: Room) -> Room:
    """The room as it was after an apply."""
    served.state.reset()
    return Room(served.state, served.endpoint)


def test_after_an_apply_everything_is_in_order(clinic: Room) -> None:
    assert clinic.trouble() == []
    assert worst(clinic.before()) is Status.OK


# --- APIs and the person ---


@pytest.mark.parametrize("api", sorted(set(APIS) - {"cloudresourcemanager.googleapis.com"}))
def test_an_api_that_is_off_is_a_problem_with_the_command_that_turns_it_on(clinic: Room, api: str) -> None:
    clinic.state.take({"kind": "api", "name": api})
    found = [finding for finding in clinic.trouble() if finding.about == "APIs"]
    assert only(found).said == f"{api} is off"
    assert only(found).todo == f"gcloud services enable {api} --project={PROJECT}"


def test_before_a_deployment_an_api_that_is_off_is_only_told(clinic: Room) -> None:
    clinic.state.take({"kind": "api", "name": "run.googleapis.com"})
    assert [finding.status for finding in clinic.before() if finding.about == "APIs"] == [Status.WARNING]


def test_what_an_api_that_is_off_would_tell_is_unseen_and_not_in_order(clinic: Room) -> None:
    clinic.state.take({"kind": "api", "name": "storage.googleapis.com"})
    found = clinic.trouble()
    unseen = {finding.about: finding for finding in found if finding.status is Status.UNSEEN}
    assert unseen["buckets"].said == "the API storage.googleapis.com is off"
    assert unseen["buckets"].todo == f"gcloud services enable storage.googleapis.com --project={PROJECT}"
    assert unseen["rights of attune-ingest"].said == "3 of 6 are there; not all the others could be looked at"
    assert not any(finding.status is Status.PROBLEM for finding in found if finding.about.startswith("rights"))


@pytest.mark.parametrize("permission", sorted(DEPLOYS))
def test_a_permission_that_the_person_lacks_is_named_with_the_role_to_ask_for(clinic: Room, permission: str) -> None:
    clinic.state.deny(permission)
    found = only([finding for finding in clinic.before() if finding.status is not Status.OK])
    assert found.said == f"you lack {permission} on the project"
    assert f"--role={DEPLOYS[permission]}" in found.todo


# --- rights ---


def test_each_right_that_is_taken_away_is_missed_by_its_account(clinic: Room) -> None:
    for grant in clinic.state.all("grant"):
        taken = clinic.state.take(grant)
        found = only([each for each in clinic.trouble() if each.status is not Status.OK])
        assert (found.status, grant["role"] in found.said, "is missing" in found.said) == (Status.PROBLEM, True, True)
        assert f"--member={grant['member']} --role={grant['role']}" in found.todo
        clinic.state.put(taken)
    assert clinic.trouble() == []


@pytest.mark.parametrize(
    ("match", "lost", "command"),
    [
        (
            {"on": f"bucket/{INTAKE}", "member": ERASES},
            f"projects/{PROJECT}/roles/attuneFinder on bucket {INTAKE}",
            f"gcloud storage buckets add-iam-policy-binding gs://{INTAKE}",
        ),
        (
            {"role": "roles/pubsub.subscriber"},
            "roles/pubsub.subscriber on subscription attune-events-watch",
            f"gcloud pubsub subscriptions add-iam-policy-binding attune-events-watch --project={PROJECT}",
        ),
        (
            {"on": "service/attune-watch"},
            "roles/run.invoker on Cloud Run service attune-watch",
            f"gcloud run services add-iam-policy-binding attune-watch --region=us-central1 --project={PROJECT}",
        ),
    ],
)
def test_a_missing_right_says_what_on_what_and_the_command_that_grants_it(
    clinic: Room, match: Mapping[str, object], lost: str, command: str
) -> None:
    (grant,) = clinic.state.take({"kind": "grant", **match})
    found = only(clinic.trouble())
    assert found.said == f"{lost} is missing {NOT_SEEN}"
    assert (
        found.todo == f"`make plan` and `make apply`, or: {command} --member={grant['member']} --role={grant['role']}"
    )


def test_a_right_under_a_condition_is_granted_with_its_condition(clinic: Room) -> None:
    member = f"serviceAccount:attune-watch@{PROJECT}.iam.gserviceaccount.com"
    clinic.state.take({"kind": "grant", "member": member, "role": "roles/datastore.user"})
    todo = only(clinic.trouble()).todo
    expression = f'resource.name == "projects/{PROJECT}/databases/(default)"'
    assert todo.endswith(f"--role=roles/datastore.user --condition='expression={expression},title=attune'")


def test_a_right_to_delete_in_a_bucket_is_granted_with_its_condition(clinic: Room) -> None:
    (grant,) = clinic.state.take(
        {
            "kind": "grant",
            "member": f"serviceAccount:attune-launch@{IAM}",
            "role": f"projects/{PROJECT}/roles/attuneRemover",
        }
    )
    todo = only(clinic.trouble()).todo
    places = [f'resource.name.startsWith("projects/_/buckets/{DATASET}/objects/{at}/")' for at in ("shards", "drafts")]
    assert grant["condition"] == " || ".join(places)
    assert f"gcloud storage buckets add-iam-policy-binding gs://{DATASET}" in todo
    assert todo.endswith(f"--condition='expression={grant['condition']},title=attune'")


def test_a_right_that_is_held_by_the_whole_project_is_held(clinic: Room) -> None:
    (grant,) = clinic.state.take({"kind": "grant", "on": f"bucket/{INTAKE}", "member": ERASES})
    clinic.state.put([{**grant, "on": f"project/{PROJECT}"}])
    assert clinic.trouble() == []


def test_a_right_under_another_condition_is_told_and_not_judged(clinic: Room) -> None:
    (grant,) = clinic.state.take({"kind": "grant", "on": f"bucket/{INTAKE}", "member": ERASES})
    clinic.state.put([{**grant, "condition": "request.time < timestamp('2026-01-01T00:00:00Z')"}])
    found = only(clinic.trouble())
    assert found.status is Status.WARNING
    assert "only where request.time < timestamp('2026-01-01T00:00:00Z')" in found.said


def test_a_policy_that_may_not_be_read_is_unseen_with_what_to_ask_for(clinic: Room) -> None:
    clinic.state.deny("topics/attune-launch:getIamPolicy")
    found = {finding.about: finding for finding in clinic.trouble()}
    assert {finding.status for finding in found.values()} == {Status.UNSEEN}
    assert set(found) == {"rights on topic attune-launch", "rights of attune-ingest", "rights of attune-watch"}
    why = found["rights on topic attune-launch"]
    assert why.said == "pubsub.googleapis.com denied it: The caller does not have permission."
    assert "roles/iam.securityReviewer" in why.todo


def test_without_the_projects_policy_no_right_is_called_missing(clinic: Room) -> None:
    clinic.state.deny("projects/demo-project:getIamPolicy")
    clinic.state.take({"kind": "grant", "on": f"bucket/{INTAKE}"})
    assert {finding.status for finding in clinic.trouble()} == {Status.UNSEEN}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_of_the_projects_own_that_is_gone_or_lacks_a_permission_is_a_problem(clinic: Room, role: str) -> None:
    clinic.state.change({"kind": "role", "name": role}, {"includedPermissions": ["aiplatform.tuningJobs.list"]})
    found = only(clinic.trouble())
    assert (found.status, "lacks" in found.said) == (Status.PROBLEM, True)
    service = ROLES[role][0].partition(".")[0]
    assert found.todo.startswith(f"gcloud iam roles update {role} --project={PROJECT} --add-permissions={service}.")
    clinic.state.take({"kind": "role", "name": role})
    assert said(clinic.trouble()) == [("problem", "roles", f"{role} is not there")]


def test_an_account_that_is_gone_or_disabled_is_a_problem(clinic: Room) -> None:
    account = f"attune-build@{PROJECT}.iam.gserviceaccount.com"
    clinic.state.change({"kind": "account", "name": account}, {"disabled": True})
    assert said(clinic.trouble()) == [("problem", "accounts", f"{account} is not there")]


def test_traces_to_google_take_their_api_and_the_right_to_write_them(clinic: Room) -> None:
    environment = {"serviceConfig": {"environmentVariables": {"ATTUNE_TRACES": "otlp"}}}
    clinic.state.change({"kind": "function", "name": "attune-launch"}, environment)
    missing = clinic.trouble()
    off, *unwritten = missing
    assert off.todo == f"gcloud services enable telemetry.googleapis.com --project={PROJECT}"
    accounts = [f"attune-{name}" for name in FUNCTIONS]
    assert [finding.about for finding in unwritten] == [f"rights of {account}" for account in accounts]
    for finding, account in zip(unwritten, accounts, strict=True):
        assert f"--member=serviceAccount:{account}@{IAM} --role=roles/telemetry.tracesWriter" in finding.todo
    clinic.state.change({"kind": "function"}, {"serviceConfig": {"environmentVariables": {"ATTUNE_TRACES": "console"}}})
    assert clinic.trouble() == []


def test_once_the_tuning_agent_is_there_jobs_should_run_under_our_own_account(clinic: Room) -> None:
    _grant_agent(clinic, f"project/{PROJECT}", "roles/aiplatform.tuningServiceAgent")
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.WARNING, "tuning account")
    assert found.todo.startswith("set tuning_agent_exists = true")


def test_under_our_own_account_the_tuning_agent_needs_its_rights(clinic: Room) -> None:
    account = f"attune-tuning@{PROJECT}.iam.gserviceaccount.com"
    environment = {"serviceConfig": {"environmentVariables": {"ATTUNE_TUNING_SERVICE_ACCOUNT": account}}}
    clinic.state.change({"kind": "function", "name": "attune-launch"}, environment)
    assert [finding.about for finding in clinic.trouble()] == ["rights of gcp-sa-vertex-tune"] * 2
    _grant_agent(clinic, f"bucket/{DATASET}", "roles/storage.objectViewer")
    _grant_agent(clinic, f"account/{account}", "roles/iam.serviceAccountTokenCreator")
    assert clinic.trouble() == []


# --- buckets ---


def test_an_intake_bucket_elsewhere_is_a_problem_since_the_trigger_must_be_where_it_is(clinic: Room) -> None:
    clinic.state.change({"kind": "bucket", "name": INTAKE}, {"location": "EU"})
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.PROBLEM, f"bucket {INTAKE}")
    assert found.said == "in eu, and a trigger in us-central1 hears of no object there"
    assert f"gcloud storage buckets relocate gs://{INTAKE} --location=us-central1" in found.todo


def test_a_dataset_bucket_elsewhere_is_only_told(clinic: Room) -> None:
    clinic.state.change({"kind": "bucket", "name": DATASET}, {"location": "US"})
    assert only(clinic.trouble()).status is Status.WARNING


@pytest.mark.parametrize(
    ("access", "flag"),
    [
        ({"uniformBucketLevelAccess": {"enabled": False}}, "--uniform-bucket-level-access"),
        ({"publicAccessPrevention": "inherited"}, "--public-access-prevention"),
    ],
)
def test_a_bucket_that_could_be_opened_is_a_problem(clinic: Room, access: Mapping[str, object], flag: str) -> None:
    clinic.state.change({"kind": "bucket", "name": DATASET}, {"iamConfiguration": access})
    found = only(clinic.trouble())
    assert found.status is Status.PROBLEM
    assert found.todo == f"gcloud storage buckets update gs://{DATASET} {flag}"


@pytest.mark.parametrize(
    ("bucket", "wrong"),
    [
        (INTAKE, "it keeps versions: a deletion is told as `archived`, which no function hears"),
        (DATASET, "it keeps versions: what was made of a deleted file stays"),
    ],
)
def test_a_bucket_that_keeps_versions_is_a_problem(clinic: Room, bucket: str, wrong: str) -> None:
    clinic.state.change({"kind": "bucket", "name": bucket}, {"versioning": {"enabled": True}})
    found = only(clinic.trouble())
    assert (found.status, found.about, found.said) == (Status.PROBLEM, f"bucket {bucket}", wrong)
    assert found.todo == f"gcloud storage buckets update gs://{bucket} --no-versioning"


@pytest.mark.parametrize("bucket", [INTAKE, DATASET])
@pytest.mark.parametrize(("seconds", "days"), [("0", "0"), ("7776000", "90")])
def test_what_is_deleted_and_kept_for_another_time_is_told(clinic: Room, bucket: str, seconds: str, days: str) -> None:
    policy = {"softDeletePolicy": {"retentionDurationSeconds": seconds}}
    clinic.state.change({"kind": "bucket", "name": bucket}, policy)
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.WARNING, f"bucket {bucket}")
    assert found.said == f"what is deleted can be had back for {days} days, not for 7"
    assert found.todo == f"gcloud storage buckets update gs://{bucket} --soft-delete-duration=7d"


def test_a_bucket_that_keeps_nothing_of_what_is_deleted_need_not_say_so(clinic: Room) -> None:
    clinic.state.change({"kind": "bucket", "name": INTAKE}, {"softDeletePolicy": None, "versioning": None})
    assert only(clinic.trouble()).said == "what is deleted can be had back for 0 days, not for 7"


def test_a_bucket_that_is_not_there_is_a_problem(clinic: Room) -> None:
    clinic.state.take({"kind": "bucket", "name": f"{PROJECT}-attune-source"})
    assert ("problem", f"bucket {PROJECT}-attune-source", "it is not there") in said(clinic.trouble())


# --- the database ---


def test_a_database_that_is_not_there_is_a_problem(clinic: Room) -> None:
    clinic.state.take({"kind": "database"})
    assert said(clinic.trouble()) == [("problem", "database (default)", "it is not there")]


@pytest.mark.parametrize(
    ("told", "status", "todo"),
    [
        ({"type": "DATASTORE_MODE"}, Status.PROBLEM, "set firestore_database to another name"),
        ({"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED"}, Status.WARNING, "--enable-pitr"),
        ({"deleteProtectionState": "DELETE_PROTECTION_DISABLED"}, Status.WARNING, "--delete-protection"),
    ],
)
def test_a_database_of_another_mode_or_without_its_guards_is_told(
    clinic: Room, told: Mapping[str, object], status: Status, todo: str
) -> None:
    clinic.state.change({"kind": "database"}, told)
    found = only(clinic.trouble())
    assert found.status is status
    assert todo in found.todo


def test_an_index_over_several_fields_that_is_missing_or_unfinished_is_a_problem(clinic: Room) -> None:
    indexes = clinic.state.all("index")
    assert indexes
    for index in indexes:
        clinic.state.change(index, {"state": "CREATING"})
        assert "still being built" in only(clinic.trouble()).said
        clinic.state.take({"kind": "index", "told": {**index["told"], "state": "CREATING"}})
        found = only(clinic.trouble())
        assert "gcloud firestore indexes composite create --collection-group=" in found.todo
        clinic.state.put([index])


@pytest.mark.parametrize(
    ("collection", "field", "question"),
    [("runs", "active", "all_active_runs"), ("pairs", "to_forget", "pairs_to_forget")],
)
def test_a_question_to_all_collections_of_a_name_takes_an_index_that_spans_them(
    clinic: Room, collection: str, field: str, question: str
) -> None:
    clinic.state.take({"kind": "field", "name": f"{collection}.{field}"})
    found = only(clinic.trouble())
    assert found.about == f"index {collection} ({field} ascending) of every dataset"
    assert found.said == f"it is not there, and {question} fails without it"
    assert f"gcloud firestore indexes fields update {field} --collection-group={collection}" in found.todo
    assert "--index=order=ascending,query-scope=collection-group" in found.todo


def test_a_question_about_what_is_in_a_list_takes_an_index_of_what_is_in_it(clinic: Room) -> None:
    (stated,) = clinic.state.all("field", name="pairs.erased")
    clinic.state.put([{**stated, "told": {**stated["told"], "name": _field_name("pairs", "recordings")}}])
    found = only(clinic.trouble())
    assert found.about == "index pairs (recordings contains)"
    assert "gcloud firestore indexes fields update recordings --collection-group=pairs" in found.todo
    for kind in ("order=ascending", "order=descending", "array-config=contains"):
        assert f"--index={kind},query-scope=collection" in found.todo


@pytest.mark.parametrize(("state", "wrong"), [("READY", []), ("CREATING", ["still being built"])])
def test_an_index_of_what_is_in_a_list_is_known_for_what_it_is(clinic: Room, state: str, wrong: list[str]) -> None:
    (stated,) = clinic.state.all("field", name="pairs.erased")
    inside = {"queryScope": "COLLECTION", "fields": [{"fieldPath": "recordings", "arrayConfig": "CONTAINS"}]}
    told = {"name": _field_name("pairs", "recordings"), "indexConfig": {"indexes": [{**inside, "state": state}]}}
    clinic.state.put([{**stated, "name": "pairs.recordings", "told": told}])
    assert [part for finding in clinic.trouble() for part in wrong if part in finding.said] == wrong
    assert len(clinic.trouble()) == len(wrong)


@pytest.mark.parametrize("config", [{"arrayConfig": "CONTAINS"}, {"vectorConfig": {"dimension": 3, "flat": {}}}])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_index_with_another_field_of_another_kind_is_not_taken_for_the_one_that_is_needed(
    clinic: Room, config: Mapping[str, object], place: int
) -> None:
    (index,) = clinic.state.take({"kind": "index", "told": clinic.state.all("index")[0]["told"]})
    fields = list(index["told"]["fields"])
    fields.insert(place, {"fieldPath": "recordings", **config})
    clinic.state.put([{**index, "told": {**index["told"], "fields": fields}}])
    assert only(clinic.trouble()).said.startswith("it is not there, and ")


def test_a_field_that_is_asked_for_but_left_out_of_the_indexes_is_a_problem(clinic: Room) -> None:
    clinic.state.change({"kind": "field", "name": "runs.changed_at"}, {"name": _field_name("runs", "number")})
    assert only(clinic.trouble()).about == "index runs (number descending)"


# --- what carries events ---


@pytest.mark.parametrize("topic", ["attune-events", "attune-launch", "attune-tick", "attune-dead-letters"])
def test_a_topic_that_is_not_there_is_a_problem(clinic: Room, topic: str) -> None:
    clinic.state.take({"kind": "topic", "name": topic})
    assert ("problem", "topics", f"{topic} is not there") in said(clinic.trouble())


def test_without_the_subscription_there_is_a_problem(clinic: Room) -> None:
    clinic.state.take({"kind": "subscription", "name": "attune-events-watch"})
    assert ("problem", "subscription attune-events-watch", "it is not there") in said(clinic.trouble())


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"topic": "_deleted-topic_"}, "it is on _deleted-topic_"),
        ({"deadLetterPolicy": None}, "what cannot be taken is not kept as a dead letter"),
        ({"expirationPolicy": {"ttl": "2678400s"}}, "it expires when nobody looks for a while"),
    ],
)
def test_a_subscription_that_loses_messages_is_a_problem(clinic: Room, told: Mapping[str, object], wrong: str) -> None:
    clinic.state.change({"kind": "subscription", "name": "attune-events-watch"}, told)
    assert said(clinic.trouble()) == [("problem", "subscription attune-events-watch", wrong)]


def test_a_function_that_is_not_deployed_is_a_problem(clinic: Room) -> None:
    clinic.state.take({"kind": "function", "name": "attune-watch"})
    assert ("problem", "function attune-watch", "it is not deployed in us-central1") in said(clinic.trouble())


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (
            {"state": "FAILED", "stateMessages": [{"message": "Build failed"}]},
            "FAILED: Build failed",
        ),
        (
            {"serviceConfig": {"serviceAccountEmail": OTHERS}},
            f"it runs as {OTHERS}, not as attune-ingest@{IAM}",
        ),
        (
            {"eventTrigger": {"serviceAccountEmail": ""}},
            f"it is called as nobody, not as attune-ingest-trigger@{PROJECT}.iam.gserviceaccount.com",
        ),
        ({"eventTrigger": {"retryPolicy": "RETRY_POLICY_DO_NOT_RETRY"}}, "an event is dropped at its first failure"),
        ({"eventTrigger": {"triggerRegion": "eu"}}, "its trigger is in eu, not in us-central1"),
        (
            {"eventTrigger": {"eventFilters": [{"attribute": "bucket", "value": "another"}]}},
            f"another sets it off, not {INTAKE}",
        ),
    ],
)
def test_a_function_that_does_not_serve_as_it_should_is_a_problem(
    clinic: Room, told: Mapping[str, object], wrong: str
) -> None:
    clinic.state.change({"kind": "function", "name": "attune-ingest"}, told)
    assert said(clinic.trouble()) == [("problem", "function attune-ingest", wrong)]


@pytest.mark.parametrize(("function", "event"), [("ingest", "OBJECT_FINALIZE"), ("erase", "OBJECT_DELETE")])
def test_a_function_that_the_bucket_does_not_tell_is_a_problem(clinic: Room, function: str, event: str) -> None:
    (taken,) = clinic.state.take({"kind": "notification", "name": f"attune-{function}"})
    _is_unheard(clinic, function, event)
    clinic.state.put([{**taken, "told": {**taken["told"], "object_name_prefix": "calls/"}}])
    _is_unheard(clinic, function, event)
    other = {"topic": f"//pubsub.googleapis.com/projects/{PROJECT}/topics/eventarc-another"}
    clinic.state.put([{**taken, "told": {**taken["told"], **other}}])
    _is_unheard(clinic, function, event)
    clinic.state.put([{**taken, "told": {"topic": taken["told"]["topic"]}}])  # of all events
    assert clinic.trouble() == []


def _is_unheard(clinic: Room, function: str, event: str) -> None:
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.PROBLEM, f"notifications of {INTAKE}")
    assert found.said == f"it does not tell attune-{function} of every {event}"
    carrier = f"projects/{PROJECT}/topics/eventarc-us-central1-attune-{function}"
    assert found.todo == (
        f"gcloud storage buckets notifications create gs://{INTAKE} --topic={carrier} "
        f"--event-types={event} --payload-format=json"
    )


def test_a_bucket_that_tells_nobody_anything_is_a_problem_for_each_function_that_listens(clinic: Room) -> None:
    taken = requests.post(f"{clinic.endpoint}/_control/take", json={"kind": "notification"}, timeout=10).json()
    assert [record["name"] for record in taken["records"]] == ["attune-erase", "attune-ingest"]
    assert [finding.about for finding in clinic.trouble()] == [f"notifications of {INTAKE}"] * 2


def test_a_function_whose_topic_is_not_told_is_to_be_made_anew_where_it_is_not_heard(clinic: Room) -> None:
    clinic.state.change({"kind": "function", "name": "attune-erase"}, {"eventTrigger": {"pubsubTopic": None}})
    assert clinic.trouble() == []
    clinic.state.take({"kind": "notification", "name": "attune-erase"})
    assert only(clinic.trouble()).todo == "delete attune-erase, then `make plan` and `make apply`"


def test_a_function_that_listens_for_another_event_is_a_problem(clinic: Room) -> None:
    archived = "google.cloud.storage.object.v1.archived"
    clinic.state.change({"kind": "function", "name": "attune-erase"}, {"eventTrigger": {"eventType": archived}})
    wrong = f"{archived} sets it off, not google.cloud.storage.object.v1.deleted"
    assert said(clinic.trouble()) == [("problem", "function attune-erase", wrong)]


def test_a_function_that_works_on_another_bucket_is_told(clinic: Room) -> None:
    environment = {"serviceConfig": {"environmentVariables": {"ATTUNE_DATASET_BUCKET": "another"}}}
    clinic.state.change({"kind": "function", "name": "attune-launch"}, environment)
    found = only(clinic.trouble())
    assert found.said == f"it works with dataset_bucket another, and this looked at {DATASET}"
    assert found.todo == "export ATTUNE_DATASET_BUCKET='another' and look again"


# --- settings, models, quota ---


def test_settings_that_cannot_be_used_are_named_by_document_and_field(clinic: Room) -> None:
    clinic.paper = Paper(own={"calls": {"threshold": "many"}, "radio": {"threshold": 5}})
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.PROBLEM, "datasets/calls")
    assert found.said.startswith("threshold: ")
    assert found.todo.endswith(f"/data/panel/datasets/calls?project={PROJECT}")


def test_a_fault_of_the_defaults_is_not_told_again_for_every_dataset(clinic: Room) -> None:
    clinic.paper = Paper(standing={"treshold": 5}, own={"calls": {}, "radio": {}})
    found = [finding.about for finding in clinic.after() if finding.status is Status.PROBLEM]
    assert found == ["settings/defaults"]


def test_settings_that_may_not_be_read_are_unseen(clinic: Room) -> None:
    clinic.paper = Paper(why=UnseenError("Firestore did not let them be read", "ask"))
    assert {(finding.status, finding.about) for finding in clinic.trouble()} == {
        (Status.UNSEEN, "settings"),
        (Status.UNSEEN, "base models"),
    }


def test_a_model_that_is_closed_to_new_projects_is_a_problem_in_a_project_made_since(clinic: Room) -> None:
    clinic.state.change({"kind": "project"}, {"createTime": "2026-11-01T12:00:00.123Z"})
    clinic.paper = Paper(own={"calls": {"base_model": "gemini-2.5-pro"}})
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.PROBLEM, "base model gemini-2.5-pro")
    assert "retired for new projects since 2026-10-20, and this one was made 2026-11-01" in found.said
    assert "(asked for by datasets/calls)" in found.said
    assert "gemini-3.5-flash (us-central1 or europe-west4), or gemini-3.1-flash-lite" in found.todo


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"kind": "bucket", "name": DATASET}, {"encryption": {"defaultKmsKeyName": KEY}}),
        (
            {"kind": "function", "name": "attune-launch"},
            {"serviceConfig": {"environmentVariables": {"ATTUNE_KMS_KEY": KEY}}},
        ),
    ],
)
def test_a_model_that_takes_no_key_is_a_problem_where_there_is_one(
    clinic: Room, match: Mapping[str, object], told: Mapping[str, object]
) -> None:
    clinic.state.change(match, told)
    assert "it takes no key of your own" in only(clinic.trouble()).said


def test_global_is_refused(clinic: Room) -> None:
    clinic.move(region="global")
    assert ("problem", "region", "global is refused for tuning") in said(clinic.before())


def test_a_quota_below_the_jobs_that_would_be_started_is_a_problem(clinic: Room) -> None:
    environment = {"serviceConfig": {"environmentVariables": {"ATTUNE_MAX_CONCURRENT_JOBS": "4"}}}
    clinic.state.change({"kind": "function", "name": "attune-launch"}, environment)
    found = only(clinic.trouble())
    assert (found.status, found.about) == (Status.PROBLEM, "tuning quota")
    assert found.said == "1 concurrent jobs are allowed, max_concurrent_jobs is 4"
    assert "or set max_concurrent_jobs = 1" in found.todo


def test_a_quota_that_is_not_published_is_told_and_one_without_a_limit_is_in_order(clinic: Room) -> None:
    (quota,) = clinic.state.take({"kind": "quota"})
    assert only(clinic.trouble()).status is Status.WARNING
    quota["told"]["consumerQuotaLimits"][0]["quotaBuckets"][0]["effectiveLimit"] = "-1"
    clinic.state.put([quota])
    assert clinic.trouble() == []


# --- when nothing can be seen ---


def test_a_project_that_is_not_ours_to_see_is_unseen_and_never_in_order(clinic: Room) -> None:
    clinic.move(project="another-project")
    found = clinic.before()
    seen = {finding.about for finding in found if finding.status is Status.OK}
    assert seen == {"region", "base model gemini-3.5-flash"}  # these are known without a look
    assert {finding.status for finding in found if finding.about not in seen} == {Status.UNSEEN}


def test_a_service_that_does_not_answer_leaves_everything_unseen(clinic: Room) -> None:
    away = Room(clinic.state, "http://127.0.0.1:9", today=date(2026, 11, 22))
    found = [finding for finding in away.before() if finding.about == "APIs"]
    assert only(found).said == "serviceusage.googleapis.com did not answer (ConnectionError)"


def _grant_agent(clinic: Room, on: str, role: str) -> None:
    member = f"serviceAccount:service-{NUMBER}@gcp-sa-vertex-tune.iam.gserviceaccount.com"
    clinic.state.put([{"kind": "grant", "on": on, "role": role, "member": member, "condition": None}])


def _field_name(collection: str, field: str) -> str:
    return f"projects/{PROJECT}/databases/(default)/collectionGroups/{collection}/fields/{field}"
