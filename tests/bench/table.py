"""What attune costs, as ratios and counts from one run: `make bench`.

PYTHONPATH=tests python tests/bench/table.py [--markdown] [MEASURE ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import machine
from bench.line import Line

KEPT = Path("build/bench.json")
SECTIONS = {
    "encoding": "Rows",
    "ingest": "Ingest",
    "checks": "Check",
    "cold": "Cold start",
    "memory": "Memory",
    "bill": "The bill",
    "scale": "Scale",
    # Last, because a hundred thousand pairs stay in memory from the one to the other.
    "assembly": "Assembly",
    "growth": "Growth",
}
_VERDICTS = {True: "met", False: "NOT MET", None: "-"}


@dataclass(frozen=True, slots=True)
class Section:
    """What a measure said, as far as it got; and what stopped it."""

    name: str
    lines: tuple[Line, ...]
    seconds: float
    trouble: str | None = None

    @property
    def title(self) -> str:
        """What the section is called."""
        return SECTIONS[self.name]


def measured(name: str) -> Section:
    """All that a measure says. What stops one does not stop the others."""
    found: list[Line] = []
    started = time.perf_counter()
    try:
        found.extend(import_module(f"bench.{name}").lines())
    except Exception:  # noqa: BLE001 - it is told, and the command fails
        return Section(name, tuple(found), time.perf_counter() - started, traceback.format_exc())
    return Section(name, tuple(found), time.perf_counter() - started)


def table(section: Section) -> Table:
    """A section for a terminal."""
    drawn = Table("what", "goal", "figure", "verdict", title=f"{section.title} ({section.seconds:.0f} s)")
    for line in section.lines:
        drawn.add_row(line.what, line.goal, line.figure, _VERDICTS[line.met])
    return drawn


def markdown(sections: Sequence[Section], on: str) -> Iterator[str]:
    """All sections as one table of Markdown, line by line, and what they were measured on."""
    yield "| what | goal | figure | verdict |"
    yield "|---|---|---|---|"
    for section in sections:
        yield f"| **{section.title}** | | | |"
        for line in section.lines:
            cells = (line.what, line.goal, line.figure, _VERDICTS[line.met])
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    yield f"Measured on {on}."


def keep(sections: Sequence[Section], on: str) -> None:
    """Writes everything down."""
    told = {"machine": on, "sections": {section.name: asdict(section) for section in sections}}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(told, indent=1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints each section when it is done, and keeps all as JSON; 1 where a measure was stopped."""
    parser = argparse.ArgumentParser(prog="table.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="MEASURE", help=f"which of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--markdown", action="store_true", help="print one table of Markdown")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(SECTIONS):
        parser.error(f"there is no measure {', '.join(sorted(unknown))}")
    on = machine.described()
    console = Console(width=170, stderr=asked.markdown)
    console.print(on)
    sections = []
    for name in asked.names or SECTIONS:
        sections.append(measured(name))
        console.print(table(sections[-1]))
    if asked.markdown:
        sys.stdout.writelines(f"{line}\n" for line in markdown(sections, on))
    keep(sections, on)
    troubles = [section for section in sections if section.trouble]
    sys.stderr.writelines(f"{section.title} was not measured to its end:\n{section.trouble}\n" for section in troubles)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
