"""`attune rules`: every rule that a pair is held to, its severity, its limits and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES, Rule


def rules(*, as_data: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False) -> None:
    """Show every rule a pair is held to.

    A limit is set as quality.NAME in the dataset's settings, another severity as quality.severities.CODE; rules marked
    with * have one severity only.
    """
    if as_data:
        typer.echo(orjson.dumps([_told(rule) for rule in RULES.values()], option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("rule", "severity", "limits", "what to do", box=None, pad_edge=False)
    for rule in RULES.values():
        limits = "\n".join(f"{name} {value:g}" for name, value in _limits(rule).items())
        table.add_row(rule.code, f"{rule.severity}{'*' if rule.fixed else ''}", limits, rule.fix)
    Console(highlight=False).print(table)


def _told(rule: Rule) -> dict[str, object]:
    return asdict(rule) | {"limits": _limits(rule)}


def _limits(rule: Rule) -> dict[str, float]:
    defaults = Limits()
    return {name: getattr(defaults, name) for name in rule.limits}
