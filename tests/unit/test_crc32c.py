"""CRC32C of a concatenation, against the library that computes it from the bytes."""

import google_crc32c
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.crc32c import combine, combine_all


@given(st.binary(max_size=5000), st.binary(max_size=5000))
def test_two_parts_combine_to_the_checksum_of_both(first: bytes, second: bytes) -> None:
    combined = combine(google_crc32c.value(first), google_crc32c.value(second), len(second))
    assert combined == google_crc32c.value(first + second)


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_any_number_of_parts_combine_to_the_checksum_of_all(parts: list[bytes]) -> None:
    combined = combine_all((google_crc32c.value(part), len(part)) for part in parts)
    assert combined == google_crc32c.value(b"".join(parts))


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**33)), max_size=8), st.integers(0, 8))
def test_it_does_not_matter_which_parts_are_combined_first(parts: list[tuple[int, int]], at: int) -> None:
    left, right = parts[:at], parts[at:]
    sizes = sum(size for _, size in right)
    assert combine(combine_all(left), combine_all(right), sizes) == combine_all(parts)


def test_a_gigabyte_of_zeros_is_combined_without_being_read() -> None:
    mebibyte = google_crc32c.value(bytes(1 << 20))
    whole, size = mebibyte, 1 << 20
    for _ in range(10):
        whole, size = combine(whole, whole, size), size * 2
    assert whole == combine_all([(mebibyte, 1 << 20)] * 1024)


def test_nothing_is_zero() -> None:
    assert combine_all([]) == 0
    assert combine(1234, 0, 0) == 1234
