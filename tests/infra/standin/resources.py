"""What becomes of a resource: planned with its unknowns, applied with values made up, read as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.standin.rules import Rules
from infra.standin.schema import Block, Schema, attributes, blocks
from infra.standin.values import UNKNOWN, Unknown

Making = Callable[[str, Any, Mapping[str, Any]], Any]  # from an attribute's name, its type and its siblings
_EMPTY: dict[str, Any] = {"number": 0, "bool": False, "list": [], "set": [], "map": {}}
_NAMES = ("name", "bucket", "account_id", "service")
_ONE = ("single", "group")


@dataclass(slots=True)
class Cloud:
    """No cloud at all: it knows the provider's own settings, and makes the rest up."""

    schema: Schema
    rules: Rules
    settings: dict[str, str] = field(default_factory=dict)

    def configure(self, config: Mapping[str, Any] | None) -> None:
        """Keeps the provider's project and region."""
        self.settings.update({name: value for name, value in (config or {}).items() if isinstance(value, str)})

    def plan(self, kind: str, prior: Any, proposed: Any) -> Any:
        """The planned state: of a new resource, unknown is what the service will tell and nothing else tells before."""
        if proposed is None or prior is not None:
            return proposed
        return self._worked_out(kind, _filled(self.schema.resources[kind]["block"], proposed, _unknown), ("plan",))

    def apply(self, kind: str, planned: Any) -> Any:
        """The state after an apply, with a value for everything."""
        if planned is None:
            return None
        known = self._worked_out(kind, planned, ("plan", "apply"))
        return _filled(self.schema.resources[kind]["block"], known, self._making_up(kind))

    def read(self, kind: str, config: Any) -> Any:
        """What a data source finds."""
        block, key = self.schema.data_sources[kind]["block"], f"data.{kind}"
        known = self._worked_out(key, _filled(block, config, _unknown), ("plan", "apply"))
        return _filled(block, known, self._making_up(key))

    def _worked_out(self, kind: str, value: dict[str, Any], phases: tuple[str, ...]) -> dict[str, Any]:
        """The values that the real provider makes of others."""
        out = dict(value)
        self._set_if_unknown(out, "project", "project")
        for name in ("region", "location") if kind in self.rules.regional else ():
            self._set_if_unknown(out, name, "region")
        for phase in phases:
            templates: Mapping[str, str] = getattr(self.rules, phase).get(kind, {})
            for name, template in templates.items():
                if _is_open(out.get(name)):
                    out[name] = _rendered(template, out) or out.get(name)
        return out

    def _set_if_unknown(self, value: dict[str, Any], name: str, setting: str) -> None:
        if isinstance(value.get(name), Unknown) and setting in self.settings:
            value[name] = self.settings[setting]

    def _making_up(self, kind: str) -> Making:
        def make(name: str, of: Any, siblings: Mapping[str, Any]) -> Any:
            if f"{kind}.{name}" in self.rules.fakes:
                return self.rules.fakes[f"{kind}.{name}"]
            if of != "string":
                return _EMPTY.get(of if isinstance(of, str) else of[0])
            base = next((siblings[each] for each in _NAMES if isinstance(siblings.get(each), str)), "x")
            return f"standin/{kind}/{base}" + ("" if name in {"id", "name"} else f"/{name}")

        return make


def _unknown(_name: str, _type: Any, _siblings: Mapping[str, Any]) -> Unknown:
    return UNKNOWN


def _is_open(value: Any) -> bool:
    return value is None or isinstance(value, Unknown)


def _rendered(template: str, value: Mapping[str, Any]) -> str | None:
    """A template such as `projects/{project}` filled in; None where one of its values is not known."""
    names = re.findall(r"{(\w+)}", template)
    if not all(isinstance(value.get(name), str) for name in names):
        return None
    return template.format(**{name: value[name] for name in names})


def _filled(block: Block, value: Any, make: Making) -> Any:
    """The value with something for every unknown, and for every computed attribute that is not set."""
    if not isinstance(value, dict):
        return value
    out = dict(value)
    for name, attribute in attributes(block):
        if isinstance(value.get(name), Unknown) or (value.get(name) is None and attribute.get("computed")):
            out[name] = make(name, attribute["type"], value)
    for name, nested in blocks(block):
        out[name] = _filled_nested(nested, value.get(name), make)
    return out


def _filled_nested(nested: Mapping[str, Any], value: Any, make: Making) -> Any:
    inner = nested["block"]
    if isinstance(value, list):
        return [_filled(inner, item, make) for item in value]
    if isinstance(value, dict) and nested["nesting_mode"] not in _ONE:
        return {key: _filled(inner, item, make) for key, item in value.items()}
    return _filled(inner, value, make)
