"""Hold the figures that can be counted to those on record: PYTHONPATH=tests python -m bench.gate [--write].

Remote calls, bytes sent, compositions and imported modules come out the same on every machine. `make check` counts them
anew, on few pairs, and compares them with `counted.json`; what is less than on record is to be recorded, too, so that
it stays so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attune.domain.row import RowFormat
from bench import assembly, bill, cold, growth

RECORD = Path(__file__).with_name("counted.json")
RENEW = "PYTHONPATH=tests python -m bench.gate --write"
_MANY = 1_000

Figures = Mapping[str, Mapping[str, int]]


def figures() -> Figures:
    """All of them, by what they are about."""
    ground, first = assembly.first_run(_MANY)
    bare, *functions = cold.quiet_events()
    few, many = growth.at_first(), growth.added(ground, "round0")
    return {
        **{f"a pair, {row_format}": bill.counted(row_format) for row_format in RowFormat},
        f"the assembly of {_MANY:,} rows": assembly.counted(first),
        growth.events_name(growth.FEW): growth.counted_events(few),
        growth.events_name(_MANY): growth.counted_events(many),
        growth.run_name(growth.FEW): assembly.counted(few.run),
        growth.run_name(_MANY): assembly.counted(many.run),
        growth.inline_name(growth.FEW): dict(sorted(growth.inline(growth.FEW).items())),
        **{f"{found.function}, after a quiet event": cold.counted(found, bare) for found in functions},
    }


def recorded() -> Figures:
    """Those on record."""
    found: Figures = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def differences(found: Figures, known: Figures) -> Iterator[str]:
    """What is other than on record, a sentence each."""
    for about in sorted({*found, *known}):
        now, before = found.get(about, {}), known.get(about, {})
        for what in sorted({*now, *before}):
            if (after := now.get(what, 0)) != (was := before.get(what, 0)):
                yield f"{about}: {what} {'grew' if after > was else 'fell'} from {was:,} to {after:,}."


def verdict(found: Figures, known: Figures) -> str | None:
    """What to do about the differences; None where there is none."""
    if not (told := list(differences(found, known))):
        return None
    meant = f"If that is meant, renew the record, and say why in the commit: {RENEW}"
    gained = f"Nothing grew. Renew the record, so that the gain is kept: {RENEW}"
    return "\n".join([*told, meant if any(" grew from " in each for each in told) else gained])


def main(arguments: Sequence[str]) -> int:
    """Compares, or writes the record anew."""
    found = figures()
    if "--write" in arguments:
        RECORD.write_text(f"{json.dumps(found, indent=1)}\n", encoding="utf-8")
        return 0
    said = verdict(found, recorded())
    sys.stdout.write(f"{said or 'Every figure is as recorded.'}\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
