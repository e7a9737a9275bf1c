"""What `attune evaluate` compares: targets as a person names them, who answers for each, and what answers cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from attune import world
from attune.alias import Resolver, Served
from attune.cli.place import at_the_database, deployment, stop
from attune.config import Settings
from attune.domain.base_models import base_model
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.row import RowFormat
from attune.ports_tuning import Answering
from attune.services.evaluate.side_by_side import Prices

_ALIAS, _SPHINX, _WHISPER = "alias:", "pocketsphinx", "faster-whisper:"
_ENGLISH = "en"
_ENDPOINT = re.compile(r"projects/[^/]+/locations/[^/]+/endpoints/[^/]+")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KINDS = "an endpoint's resource name, a base model's name, alias:NAME, pocketsphinx or faster-whisper:MODEL"


@dataclass(frozen=True, slots=True)
class Named:
    """A target as it was named, and what an alias among them stands for now."""

    name: str
    served: Served | None = None

    @property
    def target(self) -> str:
        """What is asked."""
        return self.served.endpoint if self.served else self.name

    @property
    def is_here(self) -> bool:
        """Whether a recogniser on this machine answers."""
        return self.name == _SPHINX or self.name.startswith(_WHISPER)

    @property
    def is_base_model(self) -> bool:
        """Whether a base model is asked by its name."""
        return not (self.is_here or self.target.startswith("projects/"))


@dataclass(slots=True)
class Room:
    """Who answers for each target, and what each is in the answers that are kept."""

    answering: dict[str, Answering] = field(default_factory=dict)
    contenders: list[Contender] = field(default_factory=list)


def named(names: Sequence[str], project: str, region: str) -> list[Named]:
    """The targets, aliases resolved; ends the command where a name is none, or two are the same."""
    for name in names:
        _check(name)
    found = [_resolved(name, project, region) for name in names]
    if not project and not all(each.is_here for each in found):
        stop("Vertex AI is asked in a project's name: give it with --project.")
    targets = [each.target for each in found]
    if twice := next((each for each in found if targets.count(each.target) > 1), None):
        stop(f"{twice.target} is named twice: it cannot be compared with itself.")
    return found


def as_trained(settings: Settings, targets: Sequence[Named]) -> Settings:
    """The settings, with the prompts and the row format of the first alias among the targets."""
    served = next((each.served for each in targets if each.served), None)
    if served is None:
        return settings
    phrased = {
        "prompt": served.prompt,
        "system_instruction": served.system_instruction,
        "row_format": RowFormat(served.row_format),
    }
    return settings.model_copy(update=phrased)


@contextmanager
def answering(targets: Sequence[Named], project: str, region: str, language: str) -> Iterator[Room]:
    """Who answers for the targets; recognisers end with it.

    Raises:
        VanishedError: a recogniser or its weights are not there.
    """
    with ExitStack() as until:
        cloud: Answering | None = None
        room = Room()
        for place, each in enumerate(targets):
            if each.is_here:
                who, model = _recogniser(each.name, language, until)
            else:
                cloud = who = cloud or world.Cloud(deployment(project, region)).answering
                model = each.served.model if each.served else each.target
            role = Role.CHAMPION if place else Role.CHALLENGER
            room.answering[each.target] = who
            room.contenders.append(Contender(role, each.target, model, *_origin(each.served)))
        yield room


def prices(targets: Sequence[Named], tuned: str | None) -> Prices:
    """What answers cost: nothing here; elsewhere what the base model's cost, which is `tuned` for every endpoint."""
    models: Mapping[str, str | None] = {
        each.target: each.name if each.is_base_model else tuned for each in targets if not each.is_here
    }

    def price(target: str, asked: int, answered: int) -> float | None:
        if target not in models:
            return 0.0
        model = models[target]
        return base_model(model).answers_usd(asked, answered) if model else None

    return price


def _check(name: str) -> None:
    local = name == _SPHINX or (name.startswith(_WHISPER) and name != _WHISPER)
    alias = name.startswith(_ALIAS) and name != _ALIAS
    if not (local or alias or _ENDPOINT.fullmatch(name) or _MODEL.fullmatch(name)):
        stop(f"{name!r} names nobody to ask: give {_KINDS}.")


def _resolved(name: str, project: str, region: str) -> Named:
    if not name.startswith(_ALIAS):
        return Named(name)
    if not project:
        stop(f"{name} is an alias of a project: give it with --project.")
    with at_the_database("the alias", "roles/datastore.viewer"):
        resolver = Resolver.of_project(project, deployment(project, region).firestore_database)
        return Named(name, resolver.resolve(name.removeprefix(_ALIAS)))


def _recogniser(name: str, language: str, until: ExitStack) -> tuple[Answering, str]:
    """One on this machine, imported only now, and what exactly it is."""
    spoken = language.partition("-")[0].lower()
    if name == _SPHINX:
        if spoken != _ENGLISH:
            stop(f"{name} knows English alone, and not {language}.")
        from attune.adapters.recognisers.sphinx import PocketsphinxAnswering  # noqa: PLC0415 - see above

        sphinx = PocketsphinxAnswering()
        until.callback(sphinx.close)
        return sphinx, sphinx.model
    from attune.adapters.recognisers.whisper import FasterWhisperAnswering  # noqa: PLC0415 - see above

    whisper = FasterWhisperAnswering(name.removeprefix(_WHISPER), spoken)
    until.callback(whisper.close)
    return whisper, whisper.model


def _origin(served: Served | None) -> tuple[str, str] | tuple[None, None]:
    """The run and the dataset of what stands behind an alias."""
    return (served.run, served.dataset) if served else (None, None)
