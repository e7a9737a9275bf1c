"""What a run of a folder's good pairs would be: the rows and bytes of its files, its cost, and the nearest limit."""

from __future__ import annotations

from collections.abc import Mapping

from attune.config import Settings
from attune.domain.base_models import base_model
from attune.domain.fit import Rows
from attune.domain.names import AUDIO_ENDINGS, dataset_key
from attune.domain.part import Part
from attune.domain.phrasing import Phrasing
from attune.domain.plan import drafted
from attune.domain.row import row_size
from attune.domain.run import Plan
from attune.domain.shard import Member, Store, Tree
from attune.domain.split import Split
from attune.services.check.checked import Checked, Judged
from attune.services.check.look import Material

_DIGEST = "0" * 64  # stands for a recording's, of which only the length counts here


def planned(checked: Checked, settings: Settings, bucket: str) -> Plan:
    """The plan of a run of these pairs and no others, whose rows lie in a dataset bucket of that name."""
    recipe = settings.recipe(checked.dataset)
    train, validation = (_rows(checked, split, recipe.phrasing, bucket) for split in (Split.TRAIN, Split.VALIDATION))
    return drafted(train, validation, recipe, base_model(recipe.base_model)).plan


def _rows(checked: Checked, split: Split, phrasing: Phrasing, bucket: str) -> Rows:
    """One side's rows, in a tree as a run has it."""
    folder = f"gs://{bucket}/audio/{dataset_key(checked.dataset)}"
    members: Mapping[str, Member] = {
        pair.id: _member(pair, pair.material, phrasing, folder)
        for pair in checked.judged
        if pair.material and pair.is_in and pair.split is split
    }
    store = Store(dataset_key(checked.dataset))
    grown = Tree(checked.dataset, split, store, _unchecked).grow({"": None}, members)
    nodes = {node.prefix: node for node in grown}
    return Rows(checked.dataset, split, store, _unchecked, nodes.get(""), nodes.__getitem__)


def _member(pair: Judged, material: Material, phrasing: Phrasing, folder: str) -> Member:
    template = phrasing.template_at(pair.path)
    mime_type = AUDIO_ENDINGS[pair.ending]
    size = row_size(template, mime_type, material.weight, len(f"{folder}/{_DIGEST}{pair.ending}".encode()))
    return Member(
        pair=pair.id,
        row=Part(pair.id, size, 0),
        line="",
        template=template.digest,
        seconds=material.seconds,
        tokens=material.tokens,
        version="",
        task=pair.task,
        mime_type=mime_type,
        weight=material.weight,
    )


def _unchecked(_text: bytes) -> int:
    """Of files that nobody writes, there is nothing to compare a checksum with."""
    return 0
