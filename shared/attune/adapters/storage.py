"""The two buckets in Cloud Storage: the intake read at a pinned generation, the dataset bucket written once a name.

Only reports are written over; then the last who writes is right, and to write twice is to write once.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException

from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import TransportError
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from urllib3.exceptions import HTTPError

from attune.errors import GoneError, UnavailableError
from attune.ports import Buffer, Parts, Stored

# Above 8 MiB the client turns from one request to a resumable upload by itself; its own chunk would be 100 MiB.
_CHUNK_BYTES = 8 * 1024 * 1024
_SECONDS = (5.0, 60.0)  # to connect; between two bytes
_COMPOSE_SECONDS = (5.0, 120.0)
_PATIENCE_SECONDS = 60.0
# The one policy. Writes have a precondition or replace what stands there, and reads change nothing: each request may be
# repeated, after 408, 429, 500, 502 to 504, and broken connections. A wait is anything up to the back-off.
_REPEATED = DEFAULT_RETRY.with_delay(initial=0.2, maximum=8.0, multiplier=2.0).with_timeout(_PATIENCE_SECONDS)
_LISTED = "items(name,generation,size,crc32c),nextPageToken"
_FREE = 0  # the generation of an object that is not there
_SESSION_GONE = (404, 410)  # "Resumable uploads": begin anew
_PASSING = (
    exceptions.Forbidden,  # rights may be given, and take minutes to arrive
    exceptions.RetryError,
    exceptions.ServerError,
    exceptions.TooManyRequests,
    exceptions.Unauthorized,
    DataCorruption,
    TransportError,
    HTTPError,
    HTTPException,
    OSError,  # what requests raises, too
)


class GcsIntake:
    """The port `Intake`. A call is tried again for `patience` seconds."""

    def __init__(self, client: Client, bucket: str, patience: float = _PATIENCE_SECONDS) -> None:
        self._bucket = client.bucket(bucket)
        self._repeated = _REPEATED.with_timeout(patience)

    def read(self, name: str, generation: int) -> bytes:
        """The bytes of this very generation, as they are stored: never unpacked, whatever their Content-Encoding.

        Raises:
            GoneError: it was overwritten or deleted.
        """
        return _download(self._bucket.blob(name, generation=generation), self._repeated, generation)

    def look(self, name: str) -> Stored | None:
        """The live generation of an object; None where there is none."""
        blob = self._bucket.blob(name)
        try:
            with _in_our_words(f"gs://{self._bucket.name}/{name}"):
                blob.reload(timeout=_SECONDS, retry=self._repeated)
        except GoneError:
            return None
        return _stored(blob)

    def page(self, after: str, limit: int) -> list[Stored]:
        """The live objects behind a name (all of them behind the empty one), in the names' order, at most `limit`."""
        listed = self._bucket.list_blobs(
            start_offset=after or None,  # that name included
            max_results=limit + bool(after),
            fields=_LISTED,
            timeout=_SECONDS,
            retry=self._repeated,
        )
        with _in_our_words(f"gs://{self._bucket.name}"):
            found = [_stored(blob) for blob in listed if blob.name != after]
        return found[:limit]


class GcsObjects:
    """The port `Objects`. A call is tried again for `patience` seconds."""

    def __init__(self, client: Client, bucket: str, patience: float = _PATIENCE_SECONDS) -> None:
        self._bucket = client.bucket(bucket)
        self._repeated = _REPEATED.with_timeout(patience)

    def read(self, name: str) -> bytes:
        """An object's bytes.

        Raises:
            GoneError: there is no such object.
        """
        return _download(self._bucket.blob(name), self._repeated)

    def put(self, name: str, data: Buffer | Parts, content_type: str) -> Stored:
        """Stores the bytes under a name that is free, or returns what stands there. Copies 8 MiB at a time at most."""
        try:
            return self._upload(name, data, content_type, _FREE)
        except exceptions.PreconditionFailed:
            return self._standing(name)

    def replace(self, name: str, data: Buffer, content_type: str) -> Stored:
        """Stores the bytes in place of what stands under the name, if anything."""
        return self._upload(name, data, content_type, None)

    def compose(self, name: str, sources: Sequence[str]) -> Stored:
        """Joins 1 to 32 objects, server-side, under a name that is free, or returns what stands there.

        Raises:
            GoneError: one of the sources is not there.
        """
        try:
            return self._compose(self._bucket.blob(name), sources, _FREE)
        except exceptions.PreconditionFailed:
            return self._standing(name)

    def recompose(self, name: str, sources: Sequence[str], content_type: str) -> Stored:
        """Joins 1 to 32 objects, server-side, in place of what stands under the name, if anything.

        Raises:
            GoneError: one of the sources is not there.
        """
        blob = self._bucket.blob(name)
        blob.content_type = content_type
        return self._compose(blob, sources, None)

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        with suppress(GoneError), _in_our_words(self.uri(name)):
            self._bucket.blob(name).delete(timeout=_SECONDS, retry=self._repeated)

    def uri(self, name: str) -> str:
        """The object's gs:// address."""
        return f"gs://{self._bucket.name}/{name}"

    def _upload(self, name: str, data: Buffer | Parts, content_type: str, generation: int | None) -> Stored:
        blob = self._bucket.blob(name, chunk_size=_CHUNK_BYTES)
        with _Reader(data if isinstance(data, tuple) else (data,)) as stream, _uploading(self.uri(name)):
            blob.upload_from_file(
                stream,
                size=stream.size,
                content_type=content_type,
                if_generation_match=generation,
                checksum="crc32c",
                timeout=_SECONDS,
                retry=self._repeated,
            )
        return _stored(blob)

    def _compose(self, blob: Blob, sources: Sequence[str], generation: int | None) -> Stored:
        """The blob is a fresh one: one that was loaded would send its old checksums along."""
        with _in_our_words(self.uri(blob.name)):
            blob.compose(
                [self._bucket.blob(source) for source in sources],
                if_generation_match=generation,
                timeout=_COMPOSE_SECONDS,
                retry=self._repeated,
            )
        return _stored(blob)

    def _standing(self, name: str) -> Stored:
        blob = self._bucket.blob(name)
        with _in_our_words(self.uri(name)):
            blob.reload(timeout=_SECONDS, retry=self._repeated)
        return _stored(blob)


class _Reader(io.RawIOBase):
    """A file over bytes that are already there: it lends them out in pieces, where BytesIO would copy them whole."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = [memoryview(part).cast("B") for part in parts]
        self.size = sum(map(len, self._parts))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """A piece; RawIOBase would copy it twice."""
        ends = self.size if size < 0 else min(self.size, self._at + size)
        return b"".join(self._pieces(ends))

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any buffer of bytes will do
        """Fills the buffer, from one part into the next: less than was asked for is only read at the end."""
        target, filled = memoryview(buffer), 0
        for piece in self._pieces(min(self.size, self._at + len(target))):
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def _pieces(self, ends: int) -> Iterator[memoryview]:
        """What lies between here and there, of each part; here moves on with each."""
        begins = 0
        for part in self._parts:
            piece = part[max(self._at - begins, 0) : max(ends - begins, 0)]
            self._at, begins = self._at + len(piece), begins + len(part)
            if piece:
                yield piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        for part in self._parts:
            part.release()
        super().close()


def _download(blob: Blob, repeated: Retry, generation: int | None = None) -> bytes:
    where = f"gs://{blob.bucket.name}/{blob.name}"
    with _in_our_words(where):
        try:
            read: bytes = blob.download_as_bytes(
                raw_download=True,
                if_generation_match=generation,
                timeout=_SECONDS,
                retry=repeated,
            )
        except exceptions.PreconditionFailed as changed:
            raise GoneError(f"{where} is no longer generation {generation}") from changed
    return read


@contextmanager
def _in_our_words(where: str) -> Iterator[None]:
    try:
        yield
    except exceptions.NotFound as missing:
        raise GoneError(f"{where}, or the generation of it that was asked for, is not there") from missing
    except _PASSING as passing:
        raise UnavailableError(f"Cloud Storage did not answer for {where} ({type(passing).__name__})") from passing


@contextmanager
def _uploading(where: str) -> Iterator[None]:
    """An upload's session may end, also by a piece whose answer was lost: that the object is gone it never says."""
    with _in_our_words(where):
        try:
            yield
        except exceptions.GoogleAPICallError as refused:
            if refused.code in _SESSION_GONE:
                raise UnavailableError(f"Cloud Storage knows the upload of {where} no more") from refused
            raise


def _stored(blob: Blob) -> Stored:
    crc32c = int.from_bytes(base64.b64decode(blob.crc32c), "big")
    return Stored(blob.name, int(blob.generation), int(blob.size), crc32c)
