"""A piece of a file, as the dataset bucket has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A stored piece of a file: its object, its size in bytes and its CRC32C."""

    name: str
    size: int
    crc32c: int
