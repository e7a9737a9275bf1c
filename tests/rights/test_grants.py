"""What is granted, and what is not: read from what `infra` makes, call by call."""

from __future__ import annotations

import pytest

from attune_local.stack.plan import DATASET_BUCKET, EVENTS_TOPIC, INTAKE_BUCKET, LAUNCH_TOPIC, PROJECT
from breaker.calls import Call, Fate, Service
from rights.conditions import UnknownConditionError, holds
from rights.grants import Grant, Need, Resource, UnknownRoleError, filled, grants_of
from rights.guard import Guard
from rights.needs import Law, UnknownCallError
from rights.place import FUNCTIONS, guard, records

AT = f"projects/{PROJECT}/locations/us-central1"
REPORT, ROW = f"{DATASET_BUCKET}/reports/calls/report.html", f"{DATASET_BUCKET}/rows/calls/00"
MANIFEST = f"{DATASET_BUCKET}/runs/calls/r000001/manifest.jsonl"
DROPPED = f"{INTAKE_BUCKET}/calls/0017.wav"


def of_infra(*, there: bool = True) -> Guard:
    return guard(lambda _: there)


def storage(function: str, method: str, target: str, *, overwrites: bool = False) -> Call:
    return Call(function, Service.STORAGE, method, (target,), overwrites)


def vertex(function: str, method: str, what: str) -> Call:
    return Call(function, Service.VERTEX, method, (f"{AT}/{what}",))


def publish(function: str, topic: str, project: str = PROJECT) -> Call:
    return Call(function, Service.PUBSUB, "Publish", (f"projects/{project}/topics/{topic}",))


GRANTED = [
    *(Call(name, Service.FIRESTORE, "Commit", ("datasets/calls",)) for name in FUNCTIONS),
    storage("ingest", "GET object", DROPPED),
    storage("ingest", "UPLOAD object", ROW),
    storage("launch", "COMPOSE object", f"{DATASET_BUCKET}/runs/calls/r000001/train.jsonl"),
    storage("watch", "UPLOAD object", REPORT, overwrites=True),
    storage("watch", "COMPOSE object", REPORT, overwrites=True),
    storage("watch", "GET object", ROW),
    publish("ingest", LAUNCH_TOPIC),
    publish("launch", EVENTS_TOPIC),
    vertex("launch", "POST tuningJobs", "tuningJobs"),
    vertex("watch", "GET tuningJobs", "tuningJobs/1"),
    vertex("watch", "POST generateContent", "endpoints/1"),
]
REFUSED = [
    # The intake bucket is written by people alone.
    *(storage(name, "UPLOAD object", DROPPED, overwrites=over) for name in FUNCTIONS for over in (False, True)),
    *(storage(name, "DELETE object", DROPPED) for name in FUNCTIONS),
    # What is learned from lies still.
    *(storage(name, "UPLOAD object", MANIFEST, overwrites=True) for name in FUNCTIONS),
    *(storage(name, "DELETE object", MANIFEST) for name in FUNCTIONS),
    *(storage(name, "UPLOAD object", ROW, overwrites=True) for name in FUNCTIONS if name != "watch"),
    *(storage(name, "COMPOSE object", ROW, overwrites=True) for name in FUNCTIONS if name != "watch"),
    *(storage(name, "DELETE object", what) for name in FUNCTIONS if name != "watch" for what in (REPORT, ROW)),
    storage("erase", "GET object", ROW),
    storage("erase", "UPLOAD object", ROW),
    storage("ingest", "LIST objects", "another-bucket/"),
    storage("watch", "UPLOAD object", "another-bucket/reports/page.html", overwrites=True),
    storage("launch", "GET object", DROPPED),
    # Nobody else's project, topic or database, and no model but by the function that follows it.
    publish("launch", LAUNCH_TOPIC),
    publish("ingest", "attune-dead-letters"),
    publish("ingest", EVENTS_TOPIC, "another-project"),
    vertex("ingest", "POST tuningJobs", "tuningJobs"),
    vertex("ingest", "POST generateContent", "endpoints/1"),
    vertex("watch", "POST tuningJobs", "tuningJobs"),
    vertex("launch", "POST generateContent", "endpoints/1"),
    vertex("launch", "POST cancel", "tuningJobs/1"),
    vertex("watch", "POST cancel", "tuningJobs/1"),
    vertex("watch", "DELETE models", "models/1"),
    # And what no table knows.
    Call("watch", Service.FIRESTORE, "Listen"),
    Call("watch", Service.PUBSUB, "DeleteTopic"),
    storage("watch", "GET bucket", DATASET_BUCKET),
]


@pytest.mark.parametrize("call", GRANTED, ids=lambda call: f"{call.function} {call.method}")
def test_what_a_function_has_to_do_is_granted(call: Call) -> None:
    watching = of_infra()
    assert (watching.judge(call), watching.refusals) == (Fate.PASS, [])


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: f"{call.function} {call.method}")
def test_what_a_function_has_no_business_with_is_not_granted(call: Call) -> None:
    watching = of_infra()
    assert watching.judge(call) is Fate.DENIED
    assert [refusal.call for refusal in watching.refusals] == [call]
    assert watching.refusals[0].lacking


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_account_with_rights(name: str) -> None:
    assert of_infra().rights[name]


def test_nobody_but_a_function_that_is_known_may_do_anything() -> None:
    assert of_infra().judge(Call("another", Service.FIRESTORE, "BatchGetDocuments", ("datasets/calls",))) is Fate.DENIED


def test_a_condition_narrows_a_grant_to_the_names_that_it_tells() -> None:
    reports = 'resource.name.startsWith("projects/_/buckets/b/objects/reports/")'
    assert holds(None, "anything")
    assert holds(reports, "projects/_/buckets/b/objects/reports/page.html")
    assert not holds(reports, "projects/_/buckets/b/objects/reports")
    assert not holds('resource.name == "projects/p/databases/(default)"', "projects/p/databases/(default)x")


def test_conditions_are_joined_as_cel_joins_them() -> None:
    said = 'resource.name.startsWith("a/") || (resource.name.startsWith("b/") && (resource.name.endsWith(".x") || resource.name.endsWith(".y")))'  # noqa: E501 - as `infra` writes it
    assert [holds(said, name) for name in ("a/1", "b/1.x", "b/1.y", "b/1", "c.x")] == [True, True, True, False, False]


@pytest.mark.parametrize(
    "said",
    [
        'resource.type == "x"',
        'resource.name.contains("x")',
        'resource.name == "a" && true',
        '!(resource.name == "a")',
        'resource.name == "a" ||',
        '(resource.name == "a"',
        'resource.name == "a" "b"',
        "resource.name == resource.name",
        'resource.name.startsWith "a"',
        r'resource.name == "a\""',
    ],
)
def test_a_condition_that_is_not_understood_is_no_leave(said: str) -> None:
    with pytest.raises(UnknownConditionError):
        holds(said, "a")


def test_a_grant_on_one_bucket_says_nothing_of_another() -> None:
    grant = Grant("storage.objects.get", "bucket/one", "roles/storage.objectViewer", None)
    there = Resource("projects/_/buckets/two/objects/x", frozenset({"bucket/two", "project/p"}))
    assert not grant.covers(Need("storage.objects.get", there))


def test_a_role_whose_permissions_nobody_looked_up_is_told_of() -> None:
    granted = {
        "kind": "grant",
        "on": "project/p",
        "role": "roles/owner",
        "member": "serviceAccount:a@p",
        "condition": None,
    }
    with pytest.raises(UnknownRoleError, match="roles/owner"):
        grants_of("a", [granted])


def test_places_are_filled_in_everywhere() -> None:
    told = {"kind": "grant", "on": "bucket/${dataset}", "told": {"names": ["${project}-x"], "many": 1}}
    assert filled([told], {"dataset": "d", "project": "p"}) == [
        {"kind": "grant", "on": "bucket/d", "told": {"names": ["p-x"], "many": 1}}
    ]
    assert "${" not in str(records())


def test_to_write_over_an_object_is_to_delete_the_one_before() -> None:
    law = Law(PROJECT, lambda _: True)
    written = [need.permission for need in law.needs(storage("watch", "UPLOAD object", ROW, overwrites=True))]
    assert written == ["storage.objects.create", "storage.objects.delete"]


def test_a_call_that_is_in_no_table_is_told_of() -> None:
    with pytest.raises(UnknownCallError, match="PatchObject"):
        Law(PROJECT, lambda _: True).needs(Call("watch", Service.STORAGE, "PatchObject", ("b/o",)))


def test_only_who_may_list_is_told_that_an_object_is_missing() -> None:
    watching = of_infra(there=False)
    assert watching.judge(storage("watch", "GET object", ROW)) is Fate.PASS
    assert watching.judge(storage("ingest", "GET object", ROW)) is Fate.DENIED
    assert [refusal.lacking for refusal in watching.refusals] == [("storage.objects.list",)]
