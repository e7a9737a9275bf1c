"""Write what is uploaded for each function: its door, its requirements and a copy of the package `attune`.

    python -m attune_local.stage ingest erase launch watch

Standard library only, so that a build step can run it before anything is installed.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from shutil import rmtree

ROOT = Path(__file__).resolve().parents[2]
DOOR = ("main.py", "requirements.txt")
PACKAGE = "attune"
LEFT_OUT = frozenset({"__pycache__", "tests"})


class StageError(Exception):
    """A function cannot be staged; the message is a sentence for the person who asked."""


def stage(root: Path, names: Iterable[str], into: Path) -> list[Path]:
    """Make `into/<name>/` equal to what the function needs, for each name; return the folders in that order.

    Only real files are written (upload tools drop linked folders without a word), a file that is already right is
    not touched, and whatever else lies in the folder is removed.
    """
    package = dict(_package(root / "shared" / PACKAGE))
    return [_write(into / name, {**_door(root / "functions" / name), **package}) for name in names]


def digest(folder: Path) -> str:
    """Return the sha256, in hex, over the sorted relative names and the bytes of the folder's files."""
    total = hashlib.sha256()
    for path in sorted(_files(folder), key=lambda each: each.relative_to(folder).as_posix()):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        total.update(b"%d:%s%d:" % (len(name), name, len(content)))
        total.update(content)
    return total.hexdigest()


def _door(folder: Path) -> Mapping[PurePosixPath, bytes]:
    missing = [name for name in DOOR if not (folder / name).is_file()]
    if missing:
        raise StageError(f"The function {folder.name} has no {' and no '.join(missing)} in {folder}.")
    return {PurePosixPath(name): (folder / name).read_bytes() for name in DOOR}


def _package(folder: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in _files(folder):
        yield PurePosixPath(PACKAGE, path.relative_to(folder).as_posix()), path.read_bytes()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            raise StageError(f"{path} is a symbolic link, which does not survive an upload: put the file itself there.")
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _write(folder: Path, content: Mapping[PurePosixPath, bytes]) -> Path:
    wanted = {folder / name: data for name, data in content.items()}
    _sweep(folder, frozenset(wanted))
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def _sweep(folder: Path, keep: frozenset[Path]) -> None:
    """Remove what is not to be kept, folders that end up empty included; a file where a folder belongs goes too."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    if not folder.exists():
        return
    parents = {parent for path in keep for parent in path.parents}
    for path in folder.iterdir():
        if path.is_symlink() or not path.is_dir():
            if path.is_symlink() or path not in keep:
                path.unlink()
        elif path in parents:
            _sweep(path, keep)
        else:
            rmtree(path)


def main(arguments: list[str] | None = None) -> int:
    """Stage the named functions under build/ and print each one's digest."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.stage", description=stage.__doc__)
    parser.add_argument("names", nargs="+", metavar="FUNCTION")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    parser.add_argument("--into", type=Path, help="where to write (default: build/ in the repository)")
    asked = parser.parse_args(arguments)
    try:
        for folder in stage(asked.root, asked.names, asked.into or asked.root / "build"):
            print(f"{folder.name}  {digest(folder)}")
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
