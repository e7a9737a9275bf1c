"""How findings are told: a line each for people, or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from attune.services.check.folder import shown
from attune.services.doctor.findings import Finding, Status, worst

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red", Status.UNSEEN: "magenta"}
_CODES = {Status.OK: 0, Status.WARNING: 0, Status.PROBLEM: 1, Status.UNSEEN: 2}
_WIDTH = max(len(status) for status in Status)


def exit_code(findings: Sequence[Finding]) -> int:
    """0 for nothing worse than a warning, 1 for a problem, 2 for no problem where not all could be looked at."""
    return _CODES[worst(findings)]


def tell(findings: Sequence[Finding], console: Console) -> None:
    """A line for each finding, what to do under it, and the sum."""
    for finding in findings:
        line = Text(f"{finding.status:<{_WIDTH}}  ", style=_COLOURS[finding.status])
        console.print(line.append(f"{finding.about}: {shown(finding.said)}", style="default"))
        if finding.todo:
            console.print(Text(f"{'':<{_WIDTH}}  → {shown(finding.todo)}", style="dim"))
    counted = Counter(finding.status for finding in findings)
    console.print(", ".join(f"{counted[status]} {status}" for status in Status if counted[status]))


def as_json(findings: Sequence[Finding]) -> str:
    """`{"status": …, "findings": [{"status", "about", "said", "todo"}]}`."""
    told = {"status": worst(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(told, indent=2, ensure_ascii=False)
