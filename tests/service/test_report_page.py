"""The page in the dataset bucket: what a person finds there, and that names are only text in it."""

from __future__ import annotations

import re

from service.scenes import drop, fill
from service.theatre import Stage

HOSTILE = "<script>alert(1)</script> & \u202eevil"


def page(stage: Stage) -> str:
    stage.pass_time(300)
    stage.watch()
    return stage.bucket.live["reports/d/report.html"].data.decode()


def test_a_page_has_the_four_plots_and_no_script_nor_anything_from_elsewhere() -> None:
    stage = Stage(threshold=1000)
    fill(stage, 5)
    html = page(stage)
    assert html.count("<svg") == 4
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=.https?:", html)


def test_a_refused_pair_is_among_the_worst_with_its_rule_and_what_to_do() -> None:
    stage = Stage(threshold=1000)
    drop(stage, "monday/broken", b"RIFF\x24\x00\x00\x00WAVEnothing", b"the marker is not told")
    html = page(stage)
    assert "monday/broken" in html
    assert "audio_unreadable" in html
    assert "Export it again and upload it." in html
    assert "marker" not in html


def test_a_name_that_looks_like_markup_is_text() -> None:
    stage = Stage(threshold=1000)
    drop(stage, HOSTILE, b"nothing")
    html = page(stage)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
