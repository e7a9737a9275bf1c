"""Targets that are no transcript: labels, and documents that a schema allows."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.finding import Finding, Severity
from attune.domain.task import Kind, Task
from attune.schema import labels_fault, schema_fault
from attune.services.targets import MOST_NESTING, read_target

MARKER = "geheimnis"
MOOD = Task("mood", Kind.CLASSIFICATION, "Which mood?", ("angry", "calm", "très content"))
FREE = Task("mood", Kind.CLASSIFICATION, "Which mood?")
ANY = Task("order", Kind.JSON, "What is ordered?")
ORDER_SCHEMA: dict[str, object] = {
    "$defs": {"tree": {"type": "object", "properties": {"in": {"$ref": "#/$defs/tree"}}}},
    "type": "object",
    "required": ["dish"],
    "properties": {
        "dish": {"type": "string", "enum": ["soup", "salad"]},
        "how many": {"type": "integer", "minimum": 1},
        "extras": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "prices": {"type": "object", "additionalProperties": {"type": "number"}},
        "never": False,
        "tree": {"$ref": "#/$defs/tree"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "object", "required": ["x"]}]},
    },
    "additionalProperties": False,
}
ORDER = Task("order", Kind.JSON, "What is ordered?", json_schema=ORDER_SCHEMA)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def of_schema(schema: dict[str, object]) -> Task:
    return Task("order", Kind.JSON, "What is ordered?", json_schema=schema)


@pytest.mark.parametrize(
    ("text", "task", "label"),
    [
        ("angry", MOOD, "angry"),
        (" calm ", MOOD, "calm"),
        ("tre\u0300s  content", MOOD, "très content"),
        ("anything goes", FREE, "anything goes"),
        ("calm", Task("t", Kind.CLASSIFICATION, "p", ("calm  ", "x")), "calm  "),
    ],
)
def test_a_label_is_taught_as_the_task_writes_it(text: str, task: Task, label: str) -> None:
    assert read_target(text, task) == (label, ())


@pytest.mark.parametrize(
    ("text", "task", "fragment"),
    [
        ("furious", MOOD, "none of the task's 3 labels: angry, calm, très content."),
        ("Angry", MOOD, "none of the task's 3 labels"),
        ("angry, calm", MOOD, "none of the task's 3 labels"),
        ("angry\ncalm", MOOD, "this file has 2"),
        ("angry\u2028calm", FREE, "this file has 2"),
        ("", FREE, "this file has 0"),
        ("x", Task("t", Kind.CLASSIFICATION, "p", tuple(f"l{at}" for at in range(1500))), "l19, and 1,480 more."),
    ],
)
def test_what_is_no_label_is_refused(text: str, task: Task, fragment: str) -> None:
    refused = finding(text, task)
    assert (refused.code, refused.severity) == ("target_label", Severity.REFUSED)
    assert fragment in refused.sentence


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"dish":"soup"}', '{"dish":"soup"}'),
        ('{\n  "b": [1, 2.50, -0, 1E2],\n  "a": null\n}', '{"b":[1,2.5,0,100.0],"a":null}'),
        ('"caf\\u00e9 \\ud83d\\udc4d \\/ \\u0001"', '"café 👍 / \\u0001"'),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[" * MOST_NESTING + "]" * MOST_NESTING, "[" * MOST_NESTING + "]" * MOST_NESTING),
        (" true ", "true"),
    ],
)
def test_a_document_is_written_compactly_in_its_own_order(text: str, written: str) -> None:
    assert target(text, ANY)[0] == written
    assert target(written, ANY) == (written, ())


def test_what_was_rewritten_is_told_in_figures() -> None:
    _, (repair,) = target('{ "dish": "soup" }', ORDER)
    assert (repair.code, repair.severity) == ("repaired_json", Severity.REPAIRED)
    assert repair.sentence == "It was written compactly: 18 characters became 15."


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("soup", "line 1, column 1"),
        ('{"dish": "soup",}', "line 1, column"),
        ("{'dish': 'soup'}", "line 1, column 2"),
        ('{"dish":\n"soup"', "line 2, column"),
        ('{"dish": "soup"} x', "line 1, column 18"),
        ('["a\nb"]', "It is no JSON"),
        ("NaN", "It is no JSON"),
        ("[-Infinity]", "It is no JSON"),
        ("1e400", "It is no JSON"),
        ("9" * 5_000, "It is no JSON"),
        ('"\\ud800"', "It is no JSON"),
        ('{"a": 1, "b": {"c": 2, "c": 3}}', "A name stands twice in one object."),
        ('{"a": 1, "\\u0061": 2}', "A name stands twice in one object."),
        ("[" * 65 + "]" * 65, "more than 64 objects and arrays"),
        ('{"a":' * 65 + "1" + "}" * 65, "more than 64 objects and arrays"),
        ("[" * 500_000, "It is no JSON"),
        ("[" * 500_000 + "]" * 500_000, "It is no JSON"),
        ('{"a":' * 100_000, "It is no JSON"),
        ("", "It is no JSON"),
    ],
    ids=str,
)
def test_what_is_no_json_is_refused(text: str, fragment: str) -> None:
    refused = finding(text, ANY)
    assert (refused.code, refused.severity) == ("target_not_json", Severity.REFUSED)
    assert fragment in refused.sentence


@pytest.mark.parametrize(
    ("document", "fragment"),
    [
        ([], 'At $ it is not what the task\'s json_schema asks for with type ("object").'),
        ({}, 'At $ it is not what the task\'s json_schema asks for with required (["dish"]).'),
        ({"dish": 3}, "At $.dish"),
        ({"dish": "stew"}, 'with enum (["soup", "salad"])'),
        ({"dish": "soup", "how many": 0}, 'At $["how many"] it'),
        ({"dish": "soup", "how many": 1.5}, 'with type ("integer")'),
        (
            {"dish": "soup", "extras": ["salt", 3]},
            "At $.extras[1] it",
        ),
        ({"dish": "soup", "extras": ["salt", "salt"]}, "with uniqueItems (true)"),
        ({"dish": "soup", "prices": {MARKER: "3"}}, "At $.prices.* it"),
        ({"dish": "soup", MARKER: 3}, "with additionalProperties (false)"),
        ({"dish": "soup", "never": 3}, "asks for with false."),
        ({"dish": "soup", "tree": {"in": {"in": 3}}}, "At $.tree.in.in it"),
        ({"dish": "soup", "either": {"y": 1}}, "At $.either it"),
    ],
)
def test_a_document_that_breaks_the_schema_is_told_where_and_how(document: object, fragment: str) -> None:
    refused = finding(json.dumps(document), ORDER)
    assert (refused.code, refused.severity) == ("target_schema", Severity.REFUSED)
    assert fragment in refused.sentence


@pytest.mark.parametrize(
    "document",
    [
        {"dish": "soup"},
        {"dish": "salad", "how many": 2.0, "extras": ["salt", "Salt"], "prices": {MARKER: 3.5}},
        {"dish": "soup", "tree": {"in": {"in": {}}}, "either": {"x": 1}},
    ],
)
def test_a_document_that_keeps_to_the_schema_is_taken(document: object) -> None:
    assert json.loads(target(json.dumps(document), ORDER)[0]) == document


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([0, False, "", None, [], {}], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}], False),
        ([[1, 2], [2, 1]], True),
        ([["a", 1], {"a": 1}], True),
        ([{"a": [True]}, {"a": [1]}], True),
        (["1", 1], True),
    ],
)
def test_items_are_the_same_as_json_schema_has_it(items: list[object], unique: bool) -> None:  # noqa: FBT001 - a table's column
    read = read_target(json.dumps(items), of_schema({"uniqueItems": True}))
    assert isinstance(read, tuple) is unique


@pytest.mark.timeout(20)
def test_a_long_array_of_all_kinds_is_checked_in_one_pass() -> None:
    items = json.dumps([[at, str(at)][at % 2] for at in range(100_000)], separators=(",", ":"))
    assert target(items, of_schema({"uniqueItems": True})) == (items, ())


def test_nothing_is_ever_fetched_for_a_schema() -> None:
    refused = finding("1", of_schema({"$ref": "http://127.0.0.1:9/schema.json"}))
    assert (refused.code, "refers to something that is not in it" in refused.sentence) == ("target_schema", True)
    refused = finding("1", of_schema({"$ref": "#/$defs/missing"}))
    assert (refused.code, "refers to something that is not in it" in refused.sentence) == ("target_schema", True)


def test_a_schema_that_leads_into_itself_is_no_crash() -> None:
    assert "deeper into itself" in finding("1", of_schema({"$ref": "#"})).sentence


def test_the_drafts_own_schema_can_be_a_tasks() -> None:
    assert target("{}", of_schema({"$ref": "https://json-schema.org/draft/2020-12/schema"})) == ("{}", ())


def test_a_transcript_is_no_affair_of_targets() -> None:
    assert read_target("Yes,\nit is", Task("t", Kind.TRANSCRIPTION, "p")) == ("Yes,\nit is", ())


@given(JSON)
def test_writing_compactly_keeps_the_document(document: Any) -> None:
    assert json.loads(target(json.dumps(document, indent=2), ANY)[0]) == document


DOCUMENTS = st.recursive(
    st.sampled_from([MARKER, 1, None, 2.5, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dish", "prices", MARKER]), inner),
    max_leaves=8,
)


@given(DOCUMENTS, st.sampled_from(["", " }", '"']))
def test_no_finding_tells_what_is_in_a_target(document: object, after: str) -> None:
    for text in (json.dumps(document) + after, MARKER, f"{MARKER}\n{MARKER}", f'{{"{MARKER}":1,"{MARKER}":2}}'):
        for task in (MOOD, ORDER, ANY):
            read = read_target(text, task)
            told = [read] if isinstance(read, Finding) else read[1]
            assert not [told for told in told if MARKER in f"{told.sentence} {told.fix}"]


@pytest.mark.parametrize(
    ("schema", "fragment"),
    [({}, None), (ORDER_SCHEMA, None), ({"type": "strange"}, "$.type"), ({"pattern": "("}, "$.pattern")],
)
def test_a_schema_that_cannot_be_used_is_told_where(schema: dict[str, object], fragment: str | None) -> None:
    fault = schema_fault(schema)
    assert fault is None if fragment is None else fragment in str(fault)


@pytest.mark.parametrize(
    ("labels", "usable"),
    [((), True), (("a", "b c"), True), (("a", "a"), False), ((" a",), False), (("a\nb",), False), (("",), False)],
)
def test_labels_are_single_lines_that_stand_once(labels: tuple[str, ...], usable: bool) -> None:  # noqa: FBT001 - a table's column
    assert (labels_fault(labels) is None) is usable


def target(text: str, task: Task) -> tuple[str, tuple[Finding, ...]]:
    read = read_target(text, task)
    assert not isinstance(read, Finding), read
    return read


def finding(text: str, task: Task) -> Finding:
    read = read_target(text, task)
    assert isinstance(read, Finding)
    return read
