"""Objects: written once under a name, read whole or pinned to a generation, joined where they lie."""

from __future__ import annotations

import random
from collections.abc import Callable

import google_crc32c
import pytest

from attune.domain.crc32c import combine_all
from attune.errors import GoneError
from attune.ports import Buffer, Parts
from contract.conftest import Buckets

NAMES = [
    "calls/plain.wav",
    "with space/and+plus&more.wav",
    "percent%2Fencoded%.txt",
    "question?mark#fragment;semicolon=x",
    "Gespräche/会話/🙂.wav",
    "dots/../and/./more",
    "double//slash/",
    "quotes'\"<>\\",
    "x" * 1000,
]
MEBIBYTE = 1024 * 1024


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - content, no secret


# --- the dataset bucket ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:24])
def test_an_object_of_any_name_is_stored_and_read(buckets: Buckets, name: str) -> None:
    stored = buckets.objects.put(name, b"one\ntwo\n", "text/plain")
    assert (stored.name, stored.size, stored.crc32c) == (name, 8, google_crc32c.value(b"one\ntwo\n"))
    assert stored.generation > 0
    assert buckets.objects.read(name) == b"one\ntwo\n"
    assert buckets.intake.read(name, stored.generation) == b"one\ntwo\n"


def in_parts(data: bytes) -> Parts:
    """An empty one, one that ends within the first piece of an upload, one within the second, and the rest."""
    return b"", data[:1000], memoryview(data)[1000 : 9 * MEBIBYTE], bytearray(data[9 * MEBIBYTE :])


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, in_parts])
@pytest.mark.parametrize("size", [0, 1, MEBIBYTE, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE])
def test_bytes_of_every_kind_and_size_are_stored(
    buckets: Buckets, kind: Callable[[bytes], Buffer | Parts], size: int
) -> None:
    data = random_bytes(size)
    stored = buckets.objects.put("big", kind(data), "application/octet-stream")
    assert (stored.size, stored.crc32c) == (size, google_crc32c.value(data))
    assert buckets.objects.read("big") == data


def test_a_name_that_is_taken_is_already_done(buckets: Buckets) -> None:
    first = buckets.objects.put("row", b"first", "text/plain")
    assert buckets.objects.put("row", b"second", "text/plain") == first
    assert buckets.objects.read("row") == b"first"


def test_putting_the_same_twice_leaves_the_same_however_large(buckets: Buckets) -> None:
    data = random_bytes(9 * MEBIBYTE)
    first = buckets.objects.put("row", data, "text/plain")
    again = buckets.objects.put("row", data, "text/plain")
    assert (again.name, again.size, again.crc32c) == (first.name, first.size, first.crc32c)


def test_reading_what_is_not_there_tells_that_it_is_gone(buckets: Buckets) -> None:
    with pytest.raises(GoneError):
        buckets.objects.read("never")


@pytest.mark.parametrize("count", [1, 2, 32])
def test_objects_are_joined_in_the_order_they_are_given_in(buckets: Buckets, count: int) -> None:
    parts = {f"part {number:02d}": random_bytes(number + 1) for number in reversed(range(count))}
    for name, data in parts.items():
        buckets.objects.put(name, data, "application/jsonl")
    joined = buckets.objects.compose("whole", list(parts))
    data = b"".join(parts.values())
    assert (joined.name, joined.size, joined.crc32c) == ("whole", len(data), google_crc32c.value(data))
    assert joined.generation > 0
    assert buckets.objects.read("whole") == data


def test_an_object_can_be_joined_with_itself(buckets: Buckets) -> None:
    buckets.objects.put("part", b"ab", "text/plain")
    assert buckets.objects.compose("whole", ["part", "part"]).size == 4
    assert buckets.objects.read("whole") == b"abab"


def test_what_was_joined_can_be_joined_again(buckets: Buckets) -> None:
    parts = [buckets.objects.put(name, name.encode() * 1000, "text/plain") for name in ("a", "b", "c")]
    lower = buckets.objects.compose("lower", ["a", "b"])
    whole = buckets.objects.compose("whole", ["lower", "c"])
    assert whole.crc32c == combine_all((part.crc32c, part.size) for part in parts)
    assert lower.crc32c == combine_all((part.crc32c, part.size) for part in parts[:2])


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:24])
def test_objects_of_any_name_are_joined(buckets: Buckets, name: str) -> None:
    buckets.objects.put(name, b"x", "text/plain")
    buckets.objects.compose(f"{name}.jsonl", [name, name])
    assert buckets.objects.read(f"{name}.jsonl") == b"xx"


def test_joining_the_same_twice_leaves_the_same(buckets: Buckets) -> None:
    buckets.objects.put("part", b"ab", "text/plain")
    first = buckets.objects.compose("whole", ["part"])
    again = buckets.objects.compose("whole", ["part"])
    assert (again.name, again.size, again.crc32c) == (first.name, first.size, first.crc32c)


# --- what is replaced -----------------------------------------------------------------------------------------


def test_what_stands_under_a_name_is_replaced(buckets: Buckets) -> None:
    first = buckets.objects.replace("reports/d/report.html", b"first", "text/html")
    second = buckets.objects.replace("reports/d/report.html", b"the second", "text/html")
    assert (second.size, second.crc32c) == (10, google_crc32c.value(b"the second"))
    assert second.generation > first.generation
    assert buckets.objects.read("reports/d/report.html") == b"the second"


@pytest.mark.parametrize("size", [0, 8 * MEBIBYTE + 1])
def test_what_was_written_once_is_replaced_by_any_size(buckets: Buckets, size: int) -> None:
    buckets.objects.put("report", b"first", "text/html")
    data = random_bytes(size)
    assert buckets.objects.replace("report", memoryview(data), "text/html").size == size
    assert buckets.objects.read("report") == data


def test_what_was_joined_under_a_name_is_replaced(buckets: Buckets) -> None:
    for name in ("a", "b", "c"):
        buckets.objects.put(name, name.encode(), "text/plain")
    buckets.objects.recompose("whole", ["a", "b"], "application/jsonl")
    second = buckets.objects.recompose("whole", ["c"], "application/jsonl")
    assert (second.name, second.size, second.crc32c) == ("whole", 1, google_crc32c.value(b"c"))
    assert buckets.objects.read("whole") == b"c"


def test_what_was_joined_and_what_was_stored_replace_each_other(buckets: Buckets) -> None:
    buckets.objects.put("a", b"a", "text/plain")
    buckets.objects.recompose("whole", ["a", "a"], "application/jsonl")
    buckets.objects.replace("whole", b"", "application/jsonl")
    assert buckets.objects.read("whole") == b""
    buckets.objects.recompose("whole", ["a"], "application/jsonl")
    assert buckets.objects.read("whole") == b"a"


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:24])
def test_an_object_of_any_name_is_deleted_and_its_name_is_free(buckets: Buckets, name: str) -> None:
    buckets.objects.put(name, b"x", "text/plain")
    buckets.objects.delete(name)
    with pytest.raises(GoneError):
        buckets.objects.read(name)
    buckets.objects.put(name, b"y", "text/plain")
    assert buckets.objects.read(name) == b"y"


def test_deleting_what_is_not_there_is_no_error(buckets: Buckets) -> None:
    buckets.objects.delete("never")


def test_an_address_is_the_bucket_and_the_name_as_it_is(buckets: Buckets, unique: str) -> None:
    assert buckets.objects.uri("runs/a b/ü.jsonl") == f"gs://{unique}/runs/a b/ü.jsonl"


# --- the intake bucket ----------------------------------------------------------------------------------------


def test_a_generation_is_read_while_it_is_the_live_one(buckets: Buckets) -> None:
    generation = buckets.upload("calls/a.txt", b"hello")
    assert buckets.intake.read("calls/a.txt", generation) == b"hello"


def test_generations_count_up_over_the_bucket(buckets: Buckets) -> None:
    generations = [buckets.upload(name, b"x") for name in ("b", "a", "b", "c")]
    assert generations == sorted(set(generations))


def test_a_generation_that_was_overwritten_is_gone(buckets: Buckets) -> None:
    first = buckets.upload("calls/a.txt", b"first")
    second = buckets.upload("calls/a.txt", b"second")
    with pytest.raises(GoneError):
        buckets.intake.read("calls/a.txt", first)
    assert buckets.intake.read("calls/a.txt", second) == b"second"


def test_a_generation_that_was_deleted_is_gone(buckets: Buckets) -> None:
    generation = buckets.upload("calls/a.txt", b"hello")
    buckets.delete("calls/a.txt")
    with pytest.raises(GoneError):
        buckets.intake.read("calls/a.txt", generation)


def test_an_object_that_never_was_is_gone(buckets: Buckets) -> None:
    with pytest.raises(GoneError):
        buckets.intake.read("calls/never.txt", 1)


# --- looking at the intake --------------------------------------------------------------------------------------


def test_a_look_sees_the_live_generation_and_nothing_where_there_is_none(buckets: Buckets) -> None:
    first = buckets.upload("d/a.wav", b"one")
    newest = buckets.upload("d/a.wav", b"three")
    seen = buckets.intake.look("d/a.wav")
    assert seen is not None
    assert (seen.name, seen.generation, seen.size) == ("d/a.wav", newest, 5)
    assert newest > first
    buckets.delete("d/a.wav")
    assert buckets.intake.look("d/a.wav") is None


def test_pages_hold_every_object_once_in_the_order_of_the_names_bytes(buckets: Buckets) -> None:
    names = [name for name in NAMES if "\\" not in name]
    for name in names:
        buckets.upload(name, name.encode())
    seen, after = [], ""
    while page := buckets.intake.page(after, 2):
        assert len(page) <= 2
        seen += page
        after = page[-1].name
    assert [stored.name for stored in seen] == sorted(names, key=str.encode)
    assert all(stored.size == len(stored.name.encode()) and stored.generation for stored in seen)


def test_a_page_begins_behind_a_name_that_is_gone(buckets: Buckets) -> None:
    for name in ("a", "b", "c"):
        buckets.upload(name, b"x")
    buckets.delete("b")
    assert [stored.name for stored in buckets.intake.page("b", 10)] == ["c"]
