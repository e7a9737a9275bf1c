"""How the stand-in reads Cloud Storage: a port, and a bucket in memory."""

import io
from collections.abc import Iterator, Mapping
from typing import Protocol


class Objects(Protocol):
    """Reads objects by `gs://bucket/name`. Trouble with the storage itself is raised, so that it is tried again."""

    def size(self, uri: str) -> int | None:
        """Bytes, or None when the service could not read such an object."""

    def read(self, uri: str) -> bytes | None:
        """The whole object, or None when the service could not read it."""

    def lines(self, uri: str) -> Iterator[bytes]:
        """Line by line, without holding the object in memory. The object is there: ask `size` first."""


class MemoryObjects:
    """Objects in a mapping that the caller keeps and may change."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents

    def size(self, uri: str) -> int | None:
        """Bytes, or None."""
        content = self._contents.get(uri)
        return None if content is None else len(content)

    def read(self, uri: str) -> bytes | None:
        """The content, or None."""
        return self._contents.get(uri)

    def lines(self, uri: str) -> Iterator[bytes]:
        """Its lines."""
        yield from io.BytesIO(self._contents[uri])
