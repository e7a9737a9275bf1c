"""Who is measured: the new model, the one behind the alias, and the one both come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a contender is in a comparison. The challenger is who wants the alias."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    BASE = "base"


@dataclass(frozen=True, slots=True)
class Contender:
    """A model that answers: `target` is what it is asked at, an endpoint's resource name or a base model's name.

    `model` is what stands behind the endpoint; an endpoint that is given another model is another contender.
    """

    role: Role
    target: str
    model: str
    run: str | None = None
    dataset: str | None = None
