"""CRC32C of a concatenation from the CRC32Cs of its parts, so that a composed object is checked without reading it.

The arithmetic is that of zlib's crc32_combine (Mark Adler) for the Castagnoli polynomial, the one Cloud Storage uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed
_ONE = 1 << 31  # the polynomial 1, bits reversed


def combine(first: int, second: int, second_bytes: int) -> int:
    """The CRC32C of A + B, from those of A and B and B's length in bytes."""
    return _times(_power_of_x(second_bytes), first) ^ second


def combine_all(parts: Iterable[tuple[int, int]]) -> int:
    """The CRC32C of all parts joined in order; each part is (crc32c, bytes). Nothing joined is 0."""
    whole = 0
    for crc, size in parts:
        whole = combine(whole, crc, size)
    return whole


def _times(a: int, b: int) -> int:
    product = 0
    bit = _ONE
    while a:
        if a & bit:
            product ^= b
            a ^= bit
        bit >>= 1
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


@lru_cache(maxsize=4096)
def _power_of_x(byte_count: int) -> int:
    power = _ONE
    for index in range(byte_count.bit_length()):
        if byte_count >> index & 1:
            power = _times(_squared(index), power)
    return power


@lru_cache(maxsize=64)
def _squared(index: int) -> int:
    if index == 0:
        return _ONE >> 8  # x to the 8th: one byte of zeros
    half = _squared(index - 1)
    return _times(half, half)
