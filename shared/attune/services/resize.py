"""Resize: what stored rows will weigh under another phrasing, from their manifests alone. No row is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from attune.domain.manner import Manner
from attune.domain.names import AUDIO_ENDINGS, dataset_key
from attune.domain.phrasing import Phrasing
from attune.domain.row import row_size, tokens_of
from attune.domain.shard import Member
from attune.services.shards import original_of, path_of

_SHA256 = 64  # characters: a recording's copy is named by its digest
_ENDINGS = {mime_type: ending for ending, mime_type in AUDIO_ENDINGS.items()}


@dataclass(slots=True)
class Resizing:
    """Rows under a phrasing, as far as their weight goes; `known` are phrasings of the past, by their version.

    It stays `exact` until a row's text is to be written in another manner than it stands in: how long that makes it,
    only its rendering can tell.
    """

    dataset: str
    phrasing: Phrasing
    bucket: str
    known: Mapping[str, Phrasing]
    exact: bool = True

    def __call__(self, member: Member) -> Member:
        """The member with the size and tokens its row will have; its row's object and checksum are the old ones."""
        if member.version == self.phrasing.version:
            return member
        path = path_of(member)
        task = self.phrasing.task_of(path)
        template = self.phrasing.template_of(task)
        anew = replace(member, version=self.phrasing.version, task=task.name, template=template.digest)
        if (member.template, member.task) == (template.digest, task.name):
            return anew
        self.exact = self.exact and self._keeps_its_text(member, path, template.manner)
        size = row_size(template, member.mime_type, member.weight, self._uri_bytes(member.mime_type))
        tokens = tokens_of(member.seconds, member.weight.characters, template)
        return replace(anew, row=replace(member.row, size=size), tokens=tokens)

    def _keeps_its_text(self, member: Member, path: str, manner: Manner) -> bool:
        if manner == Manner() and original_of(member) is None:
            return True
        before = self.known.get(member.version)
        return before is not None and before.template_at(path).manner == manner

    def _uri_bytes(self, mime_type: str) -> int:
        name = f"audio/{dataset_key(self.dataset)}/{'0' * _SHA256}{_ENDINGS[mime_type]}"
        return len(f"gs://{self.bucket}/{name}".encode())
