"""Say for each protection which tests would miss it, and end with 1 when none would.

    PYTHONPATH=tests python -m mutations [WORD ...]

Words choose the mutations that have one of them in their name or file.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from mutations.catalogue import MUTATIONS, Mutation
from mutations.trial import Found, TrialError, trials

_SHOWN = 3


def main(words: list[str]) -> int:
    """Tries the mutations and prints a table of them; 0 when each was caught."""
    chosen = [mutation for mutation in MUTATIONS if _is_meant(mutation, words)]
    console = Console()
    found = []
    try:
        for each in trials(chosen):
            found.append(each)
            console.print(f"{len(found)} of {len(chosen)}: {each.mutation.name}", style="dim")
    except TrialError as cannot:
        console.print(str(cannot), style="red", markup=False)
        return 2
    console.print(_table(found))
    survivors = sum(not each.caught_by for each in found)
    console.print(f"{len(found) - survivors} caught, {survivors} not")
    return 1 if survivors or not found else 0


def _is_meant(mutation: Mutation, words: list[str]) -> bool:
    return not words or any(word in mutation.name or word in mutation.file for word in words)


def _table(found: list[Found]) -> Table:
    table = Table(show_lines=True)
    for title in ("Without its protection", "In", "Caught by"):
        table.add_column(title, overflow="fold")
    for each in found:
        names, more = each.caught_by[:_SHOWN], len(each.caught_by) - _SHOWN
        caught = "\n".join((*names, *([f"and {more} more"] if more > 0 else []))) or "[red]none: it survived[/red]"
        table.add_row(each.mutation.name, each.mutation.file.removeprefix("shared/"), caught)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
