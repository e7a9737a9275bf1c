"""Reads objects from a Cloud Storage server over its JSON API, without credentials."""

import io
from collections.abc import Iterator

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.exceptions import NotFound
from google.cloud.storage import Blob, Client

_CHUNK_BYTES = 8 * 1024 * 1024


class GcsObjects:
    """The objects of the server at `endpoint`, such as http://127.0.0.1:4443; datasets are read in ranges."""

    def __init__(self, endpoint: str, *, chunk_bytes: int = _CHUNK_BYTES) -> None:
        self._chunk_bytes = chunk_bytes
        self._client = Client(
            project="local",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # the library leaves it untyped
            client_options=ClientOptions(api_endpoint=endpoint),
        )

    def size(self, uri: str) -> int | None:
        """Bytes, or None when bucket or object is missing."""
        blob = self._blob(uri)
        try:
            blob.reload()
        except NotFound:
            return None
        return int(blob.size)

    def read(self, uri: str) -> bytes | None:
        """The whole object, or None when it is missing."""
        try:
            content: bytes = self._blob(uri).download_as_bytes()
        except NotFound:
            return None
        return content

    def lines(self, uri: str) -> Iterator[bytes]:
        """Its lines, fetched in ranges."""
        with io.BufferedReader(self._blob(uri).open("rb", chunk_size=self._chunk_bytes)) as lines:
            yield from lines

    def _blob(self, uri: str) -> Blob:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return self._client.bucket(bucket).blob(name)
