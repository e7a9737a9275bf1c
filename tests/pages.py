"""A report's page taken apart, for tests of what stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "rect", "line", "circle", "path", "polyline"}
HOSTILE = (
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" \'',
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; &#60;",
    "invoice\u202egpj.exe",
    "\u2066\u2067isolated\u2069",
    "bell\x07 and escape\x1b[31m and nothing\x00",
    "line\u2028separator\u0085",
    "ü会話🙂/Gespräche",
)
"""Names that look like mark-up, or are made to be misread."""
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x85\u2028]")


@dataclass
class Read(HTMLParser):
    """A page taken apart: its elements with their attributes, its text, and whether every one is closed in its turn."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    cells: dict[str, list[list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._table = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self._table = dict(attrs).get("id") or "tasks"
            self.cells[self._table] = []
        if tag == "tr":
            self.cells[self._table].append([])
        if tag in {"td", "th"}:
            self.cells[self._table][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)
            if {"td", "th"} & set(self.open):
                self.cells[self._table][-1][-1] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def taken_apart(page: bytes) -> Read:
    """The page, every element of which is closed in its turn."""
    read = Read()
    read.feed(page.decode())
    read.close()
    assert read.open == []
    return read
