"""Where repaired transcripts may be written: never where the originals are, never into what is there already."""

from __future__ import annotations

from pathlib import Path


def repairs_fault(folder: Path, out: Path) -> str | None:
    """Why repaired transcripts cannot be written to `out`, and what to do; or None."""
    source, target = folder.resolve(), out.resolve()
    if target.is_relative_to(source):
        return f"{out} lies in {folder}, whose files stay as they are. Name a folder elsewhere."
    if not target.exists():
        return None
    if not target.is_dir():
        return f"{out} is a file. Name a folder."
    if any(target.iterdir()):
        return f"{out} has files in it already. Name a folder that is new or empty."
    return None
