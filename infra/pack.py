#!/usr/bin/env python3
"""Zip each staged function, so that the same files always make the same bytes.

    python infra/pack.py ingest erase launch watch

Standard library only. Entries are sorted, dated 1980, stored as they are (a newer zlib would compress them otherwise)
and told to be from Unix. Terraform names the uploaded object by the archive's hash, and so deploys what has changed.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

BUILD = Path(__file__).resolve().parents[1] / "build"
_LEFT_OUT = "__pycache__"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE_FILE = 0o100644 << 16


def pack(folder: Path) -> Path:
    """Writes FOLDER.zip beside the folder, unless it is there with these very bytes already."""
    archive = folder.with_suffix(".zip")
    fresh = folder.with_suffix(".zip.new")
    with ZipFile(fresh, "w") as opened:
        for path in _files(folder):
            opened.writestr(_entry(path.relative_to(folder)), path.read_bytes())
    if archive.is_file() and archive.read_bytes() == fresh.read_bytes():
        fresh.unlink()
    else:
        fresh.replace(archive)
    return archive


def _files(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and _LEFT_OUT not in path.parts)
    return iter(sorted(found, key=lambda path: path.relative_to(folder).as_posix()))


def _entry(name: Path) -> ZipInfo:
    entry = ZipInfo(name.as_posix(), _EARLIEST)
    entry.compress_type = ZIP_STORED
    entry.create_system = _UNIX
    entry.external_attr = _READABLE_FILE
    return entry


def main(arguments: list[str] | None = None) -> int:
    """Packs the named functions' folders under build/ and prints each archive's hash."""
    parser = argparse.ArgumentParser(prog="pack.py", description=pack.__doc__)
    parser.add_argument("names", nargs="+", metavar="FUNCTION")
    parser.add_argument("--build", type=Path, default=BUILD, help="where the staged folders are")
    asked = parser.parse_args(arguments)
    missing = [name for name in asked.names if not (asked.build / name / "main.py").is_file()]
    if missing:
        sys.stderr.write(f"Not staged: {', '.join(missing)}. Run `make stage` first.\n")
        return 1
    for name in asked.names:
        archive = pack(asked.build / name)
        sys.stdout.write(f"{archive.name}  {hashlib.sha256(archive.read_bytes()).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
