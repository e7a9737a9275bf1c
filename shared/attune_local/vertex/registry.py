"""Models with their versions and aliases, and the endpoints they are deployed on. Its caller holds the lock."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from attune_local.vertex.answers import Memory
from attune_local.vertex.errors import Code, ServiceError, not_found
from attune_local.vertex.listing import labelled, page
from attune_local.vertex.names import Place, canonical, place_of
from attune_local.vertex.resources import Checkpoint, DeployedModel, Endpoint, Model, ModelChanges, Page, TunedModel

DEFAULT_ALIAS = "default"
"""Every model has one version under it, at first the first (ModelService.UploadModel)."""

_ALIAS = re.compile(r"[a-z][a-zA-Z0-9-]{0,126}[a-z0-9-]")


@dataclass(frozen=True, slots=True)
class ModelDraft:
    """A model version to be made."""

    place: Place
    display_name: str
    description: str
    labels: Mapping[str, str]
    base_model: str
    parent: Model | None
    """The version it was tuned on from, or None."""
    checkpoints: tuple[Checkpoint, ...]
    memory: Memory


class Registry:
    """All models and endpoints."""

    def __init__(self, new_id: Callable[[], int]) -> None:
        self._new_id = new_id
        self._versions: dict[str, dict[str, Model]] = {}
        self._memories: dict[str, Memory] = {}
        self._endpoints: dict[str, Endpoint] = {}

    def publish(self, draft: ModelDraft, now: datetime, *, with_endpoint: bool) -> TunedModel:
        """Makes the model version and, unless told otherwise, an endpoint for it and for each checkpoint."""
        model = self._add_version(draft, now)
        earlier = self.memory(draft.parent) if draft.parent else ()
        self._memories[model.versioned_name] = earlier + draft.memory
        if not with_endpoint:
            return TunedModel(model.versioned_name)
        checkpoints = tuple(replace(c, endpoint=self._deploy(model, c.checkpoint_id, now)) for c in draft.checkpoints)
        endpoint = checkpoints[-1].endpoint if checkpoints else self._deploy(model, "", now)
        return TunedModel(model.versioned_name, endpoint, checkpoints)

    def model(self, name: str) -> Model:
        """A version by `models/ID@VERSION`, `models/ID@ALIAS`, or the default one by `models/ID`."""
        bare, _, version = canonical(name).partition("@")
        for model in self._versions.get(bare, {}).values():
            if version == model.version_id or (version or DEFAULT_ALIAS) in model.version_aliases:
                return model
        raise not_found("Model", name)

    def memory(self, model: Model) -> Memory:
        """What the version has learnt."""
        return self._memories[model.versioned_name]

    def update_model(self, name: str, changes: ModelChanges, now: datetime) -> Model:
        """Changes a version."""
        model = self.model(name)
        return self._save(
            replace(
                model,
                labels=model.labels if changes.labels is None else changes.labels,
                display_name=model.display_name if changes.display_name is None else changes.display_name,
                description=model.description if changes.description is None else changes.description,
                update_time=now,
            ),
        )

    def merge_aliases(self, name: str, aliases: Iterable[str], now: datetime) -> Model:
        """Adds aliases to a version, taking them from the model's other versions; `-alias` removes one."""
        wanted = set(aliases)
        _check_aliases(wanted)
        model = self.model(name)
        added = {alias for alias in wanted if not alias.startswith("-")}
        removed = {alias.removeprefix("-") for alias in wanted - added}
        for other in list(self._versions[model.name].values()):
            kept = [alias for alias in other.version_aliases if alias not in added]
            self._save(replace(other, version_aliases=tuple(kept)))
        merged = (set(model.version_aliases) | added) - removed
        return self._save(replace(model, version_aliases=tuple(sorted(merged)), update_time=now))

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by its name; `endpoints/ID` alone is found in any place."""
        full = canonical(name) if name.startswith("projects/") else name
        for endpoint in self._endpoints.values():
            if full in (endpoint.name, endpoint.name[-len(full) :] if full.startswith("endpoints/") else ""):
                return endpoint
        raise not_found("Endpoint", name)

    def endpoints(self, parent: str, filter_: str, size: int, token: str) -> Page[Endpoint]:
        """The endpoints of a place, newest first."""
        place = place_of(parent)
        here = [e for e in reversed(self._endpoints.values()) if place_of(e.name) == place]
        return page(here, _endpoint_fields, filter_, size, token)

    def undeploy(self, name: str, deployed_model_id: str, now: datetime) -> None:
        """Takes a model off its endpoint, which stays."""
        endpoint = self.endpoint(name)
        left = tuple(d for d in endpoint.deployed_models if d.id != deployed_model_id)
        if len(left) == len(endpoint.deployed_models):
            raise not_found("DeployedModel", deployed_model_id)
        self._endpoints[endpoint.name] = replace(endpoint, deployed_models=left, update_time=now)

    def delete_endpoint(self, name: str) -> None:
        """Deletes an endpoint on which nothing is deployed any more."""
        endpoint = self.endpoint(name)
        if endpoint.deployed_models:
            raise ServiceError(Code.FAILED_PRECONDITION, f"The Endpoint {endpoint.name} has deployed models.")
        del self._endpoints[endpoint.name]

    def vanish(self, name: str) -> None:
        """Deletes an endpoint whatever is deployed on it."""
        del self._endpoints[self.endpoint(name).name]

    def _add_version(self, draft: ModelDraft, now: datetime) -> Model:
        """A next version when tuned on from a model that keeps its display name; otherwise a model of its own."""
        parent = draft.parent
        if parent and draft.display_name in ("", parent.display_name):
            return self._save(_next_version(parent, draft, self._versions[parent.name], now))
        name = draft.place.child("models", self._new_id())
        return self._save(
            Model(
                name=name,
                version_id="1",
                version_aliases=(DEFAULT_ALIAS,),
                display_name=draft.display_name or name.rpartition("/")[2],
                description=draft.description,
                labels=draft.labels,
                base_model=draft.base_model,
                create_time=now,
                version_create_time=now,
                update_time=now,
                checkpoints=draft.checkpoints,
            ),
        )

    def _save(self, model: Model) -> Model:
        self._versions.setdefault(model.name, {})[model.version_id] = model
        return model

    def _deploy(self, model: Model, checkpoint_id: str, now: datetime) -> str:
        deployed = DeployedModel(
            id=str(self._new_id()),
            model=model.name,
            model_version_id=model.version_id,
            display_name=model.display_name,
            create_time=now,
            checkpoint_id=checkpoint_id,
        )
        name = place_of(model.name).child("endpoints", self._new_id())
        self._endpoints[name] = Endpoint(name, model.display_name, model.labels, now, now, (deployed,))
        return name


def _next_version(parent: Model, draft: ModelDraft, versions: Iterable[str], now: datetime) -> Model:
    return replace(
        parent,
        version_id=str(1 + max(int(version) for version in versions)),
        version_aliases=(),
        description=draft.description or parent.description,
        labels=draft.labels,
        version_create_time=now,
        update_time=now,
        checkpoints=draft.checkpoints,
    )


def _endpoint_fields(endpoint: Endpoint) -> Mapping[str, str]:
    ident = endpoint.name.rpartition("/")[2]
    own = {"name": endpoint.name, "endpoint": ident, "display_name": endpoint.display_name}
    return own | labelled(endpoint.labels)


def _check_aliases(aliases: Iterable[str]) -> None:
    for alias in aliases:
        if not _ALIAS.fullmatch(alias.removeprefix("-")):
            raise ServiceError(Code.INVALID_ARGUMENT, f"The version alias {alias} is not valid.")
        if alias == f"-{DEFAULT_ALIAS}":
            raise ServiceError(Code.INVALID_ARGUMENT, "A model always has one default version.")
