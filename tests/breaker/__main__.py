"""Try to break it: python -m breaker --seed 1 --pairs 2000; exits with 0 if everything holds."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from breaker.run import Outcome, Wanted, run

ROOT = Path(__file__).parents[2]
LEAST = 20
"""So often each kind has to be hit."""
_COLUMNS = (
    *("lost", "duplicated", "not canonical", "jobs per run", "stray jobs", "jobs at once", "alias violations"),
    *("gap", "ledger", "untold", "ids with two contents", "markers in logs"),
)


def main() -> int:
    """Runs it, or makes a table of several runs' files."""
    parser = argparse.ArgumentParser(prog="python -m breaker", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--least", type=int, default=LEAST, help="how often each kind has to be hit")
    parser.add_argument("--staged", type=Path, default=ROOT / "build")
    parser.add_argument("--json", type=Path, help="where to write the outcome")
    parser.add_argument("--logs", type=Path, help="where to keep every process's log")
    parser.add_argument("--table", type=Path, nargs="+", help="print these outcomes as a Markdown table instead")
    asked = parser.parse_args()
    console = Console()
    if asked.table:
        sys.stdout.write(table([json.loads(path.read_text()) for path in asked.table]))
        return 0
    console.print(f"seed {asked.seed}, {asked.pairs} pairs")
    outcome = run(asked.seed, asked.pairs, asked.staged, Wanted.of(asked.least, asked.pairs), console.print, asked.logs)
    show(outcome, console)
    if asked.json:
        asked.json.write_text(json.dumps(asdict(outcome) | {"harm": outcome.harm, "holds": outcome.holds}, indent=2))
    return 0 if outcome.holds else 1


def show(outcome: Outcome, console: Console) -> None:
    """What was done, and what came of it."""
    done = Table("what was done", "times", title=f"seed {outcome.seed}, {outcome.pairs} pairs")
    for kind, number in sorted(outcome.hits.items()):
        done.add_row(kind, f"{number:,}")
    console.print(done)
    console.print(f"{outcome.died} of {outcome.deaths} deaths died (before and after each step that a function takes)")
    found = Table("what came of it", "found", "wanted", "")
    for each in outcome.findings:
        found.add_row(each.name, str(each.found), str(each.wanted), each.words, style="" if each.holds else "bold red")
    console.print(found)
    for kind in outcome.missed:
        console.print(f"NOT HIT {outcome.least} times: {kind}", style="bold red")
    console.print(f"{'everything holds' if outcome.holds else 'IT BROKE'}, in {outcome.seconds:g} s")


def table(outcomes: list[dict[str, object]]) -> str:
    """A line for each outcome."""
    head = ("seed", "pairs", "harm", "deaths", *_COLUMNS, "seconds")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for each in outcomes:
        findings = {one["name"]: one["found"] for one in each["findings"]}  # type: ignore[attr-defined]  # the same
        cells = [
            each["seed"],
            each["pairs"],
            each["harm"],
            f"{each['died']} of {each['deaths']}",
            *(findings[name] for name in _COLUMNS),
            each["seconds"],
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
