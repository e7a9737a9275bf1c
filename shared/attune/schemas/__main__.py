"""Write the events' schemas, or check that those committed are what the events are now.

python -m attune.schemas            write them; nothing is written while a change is not allowed
python -m attune.schemas --check    are they as they would be written?
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from attune.schemas import ENDING, Schema
from attune.schemas.compatibility import breaks
from attune.schemas.making import made, unexplained

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one type: its fields, those that are new, what is wrong, and whether its file is another."""

    type: str
    fields: int
    added: tuple[str, ...]
    wrong: tuple[str, ...]
    stale: bool

    @property
    def line(self) -> str:
        """For people."""
        added = f", new: {', '.join(self.added)}" if self.added else ""
        verdict = "; ".join(self.wrong) or ("not as committed" if self.stale else "as committed")
        return f"{self.type:<42}{self.fields:>2} fields{added}  {verdict}"


def check(committed: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[Checked]:
    """Every type that there was or is, in alphabetical order."""
    return [_checked(name, committed.get(name), now.get(name)) for name in sorted(committed.keys() | now.keys())]


def read(folder: Path) -> dict[str, Schema]:
    """The schemas in a folder, by type."""
    return {path.name.removesuffix(ENDING): json.loads(path.read_text("utf-8")) for path in folder.glob(f"*{ENDING}")}


def write(folder: Path, schemas: Mapping[str, Schema]) -> None:
    """Each schema into its file."""
    for name, schema in schemas.items():
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        (folder / f"{name}{ENDING}").write_text(f"{text}\n", "utf-8")


def _checked(name: str, before: Schema | None, after: Schema | None) -> Checked:
    was, now = _names(before), _names(after)
    added = tuple(sorted(now - was)) if before else ()
    return Checked(name, len(now), added, tuple(_wrong(before, after)), before != after)


def _wrong(before: Schema | None, after: Schema | None) -> Iterator[str]:
    if after is None:
        yield "it is announced no longer, and somebody waits for it"
        return
    for field in unexplained(after):
        yield f"say in schemas/meanings.py what {field} means"
    if before is not None:
        yield from breaks(before, after)


def _names(schema: Schema | None) -> set[str]:
    fields = (schema or {}).get("properties")
    return set(fields) if isinstance(fields, Mapping) else set()


def main(arguments: list[str] | None = None) -> int:
    """0 when all is well; 1 when a change is not allowed or, with --check, a file is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m attune.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they lie")
    asked = parser.parse_args(arguments)
    now = made()
    found = check(read(asked.folder), now)
    sys.stdout.write("".join(f"{each.line}\n" for each in found))
    if any(each.wrong for each in found):
        sys.stderr.write("Published schemas only ever gain: schemas/compatibility.py has the table.\n")
        return 1
    if not asked.check:
        write(asked.folder, now)
    return 1 if asked.check and any(each.stale for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
