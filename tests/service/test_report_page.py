"""The report's page: what it shows, that its figures are the profile's, and that nothing in a name can do anything."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from attune.domain.finding import Severity
from attune.domain.manner import Casing, Manner
from attune.domain.pair import Pair, PairState
from attune.domain.profile import SCALES, Histogram, Measure, Profile, profile_of, total
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES
from attune.services.manifests.of_datasets import DatasetState
from attune.services.report.page import Report, render
from attune.services.report.plots import HEIGHT, LEFT, RIGHT, WIDTH, plot
from pages import HOSTILE, UNSEEN, Read, taken_apart
from reported import judged, rejudged, waiting
from service.scenes import drop
from service.theatre import Stage

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
STATE = DatasetState("d", version=3, version_since=NOW)


def report(pairs: Sequence[Pair], **others: object) -> Report:
    profile = total(profile_of(pair) for pair in pairs)
    plain = Report("d", NOW, profile, STATE, Limits(), pairs={pair.id: pair for pair in pairs})
    return replace(plain, **others)  # type: ignore[arg-type]  # the test names the fields


def read(shown: Report) -> Read:
    return taken_apart(render(shown))


def made(count: int, seed: int = 1) -> list[Pair]:
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    return [judged(f"calls/{index}", NOW, dice) for index in range(count)]


def refused(path: str, *codes: str) -> Pair:
    return waiting(path, NOW).rejected(tuple(RULES[code].found(f"Say of {path}.") for code in codes), NOW)


# --- what it shows ----------------------------------------------------------------------------------------------


def test_it_shows_what_is_there() -> None:
    pairs = made(200)
    page = read(report(pairs))
    states = Counter(str(pair.state) for pair in pairs)
    assert f"{states['waiting']} waiting, {states['accepted']} accepted, {states['rejected']} rejected" in page.text
    accepted = [pair for pair in pairs if pair.state is PairState.ACCEPTED and pair.row]
    hours = sum(round(pair.row.seconds, 3) for pair in accepted if pair.row) / 3600
    assert f"{hours:,.2f} hours" in page.text
    held_out = sum(pair.split == "validation" for pair in accepted) / len(accepted)
    assert f"{held_out:.1%} of the accepted pairs" in page.text
    assert "3, since 2026-11-22 12:30 UTC. A changed prompt starts a new one" in page.text
    tasks = Counter(pair.row.task for pair in accepted if pair.row)
    shown = {row[0]: row[1:3] for row in page.cells["tasks"][1:]}
    assert shown == {task: [f"{n}", f"{n / len(accepted):.1%}"] for task, n in tasks.items()}


def test_it_says_what_to_do_the_gravest_first_and_of_those_the_most_frequent() -> None:
    pairs = [
        refused("a", "audio_silent"),
        refused("b", "audio_silent", "transcript_empty"),
        *(refused(f"{n}", "audio_duplicate") for n in range(3)),
    ]
    noisy = RULES["audio_noisy"].found("It is noisy.")
    pairs += [replace(waiting(f"n{n}", NOW), state=PairState.ACCEPTED, remarks=(noisy,)) for n in range(9)]
    text = read(report(pairs)).text
    order = [
        "audio_duplicate: 3 pairs, refused.",
        "audio_silent: 2 pairs, refused.",
        "transcript_empty: 1 pair, refused.",
    ]
    places = [text.index(said) for said in [*order, "audio_noisy: 9 pairs, look."]]
    assert places == sorted(places)
    assert "Check the microphone and the export. For one, " in text
    assert "0 pair" not in text


def test_a_rule_that_was_given_another_severity_shows_both() -> None:
    looked_at = replace(RULES["audio_silent"].found("It is silent."), severity=Severity.LOOK)
    pairs = [refused("a", "audio_silent"), replace(waiting("b", NOW), state=PairState.ACCEPTED, remarks=(looked_at,))]
    assert "audio_silent: 2 pairs, refused, look." in read(report(pairs)).text


def test_what_was_repaired_stands_apart_and_asks_for_nothing() -> None:
    repaired = RULES["repaired_unicode"].found("It was composed.")
    text = read(report([replace(waiting("b", NOW), state=PairState.ACCEPTED, remarks=(repaired,))])).text
    assert text.index("What was repaired") < text.index("repaired_unicode: 1 pair, repaired.")
    assert "Nothing is wrong with any pair." in text


def test_halves_that_wait_are_to_be_uploaded() -> None:
    assert "1 pair waits for its other half: upload it." in read(report([waiting("a", NOW)])).text
    assert "2 pairs wait for their other half" in read(report([waiting("a", NOW), waiting("b", NOW)])).text


def test_the_worst_twenty_stand_with_their_reasons_in_their_order() -> None:
    pairs = made(300)
    shown = report(pairs)
    html = render(shown).decode()
    worst = html[html.index('<h2 id="worst">') :]
    paths = re.findall(r'<li><bdi class="path">(.*?)</bdi>', worst)
    by_id = {pair.id: pair for pair in pairs}
    assert paths == [by_id[ranked.pair].path for ranked in shown.profile.worst]
    assert len(paths) == 20
    first = by_id[shown.profile.worst[0].pair]
    for finding in first.reasons:
        assert finding.sentence in worst
        assert finding.fix in worst


def test_a_refused_pair_is_there_with_its_rule_and_what_to_do_and_never_with_its_text() -> None:
    stage = Stage(threshold=1000)
    drop(stage, "monday/broken", b"RIFF\x24\x00\x00\x00WAVEnothing", b"the marker is not told")
    stage.pass_time(300)
    stage.watch()
    html = stage.bucket.live["reports/d/report.html"].data.decode()
    assert "monday/broken" in html
    assert "audio_unreadable" in html
    assert "Export it again and upload it." in html
    assert "marker" not in html


def test_a_pair_that_was_mended_since_is_no_longer_among_the_worst() -> None:
    pairs = [refused("a", "audio_silent"), refused("b", "audio_silent")]
    mended = pairs[0].waiting(NOW)
    text = read(replace(report(pairs), pairs={mended.id: mended, pairs[1].id: pairs[1]})).text
    assert "The worst 1" in text


def test_inconsistent_writing_bad_settings_and_the_plan_are_shown_where_there_are_any() -> None:
    pairs = made(300)
    bad = replace(STATE, errors=("threshold: must be <more>",), errors_since=NOW)
    text = read(report(pairs, state=bad, plan=[("rows", "1,200"), ("cost", "4.20 USD")], behind=True)).text
    assert "cannot be used, since 2026-11-22 12:30 UTC" in text
    assert "threshold: must be <more>" in text
    assert "rows 1,200 cost 4.20 USD" in text
    assert "decide on one, or set transcripts.casing" in text
    assert "More pairs have changed than are in here yet." in text
    plain = read(report([waiting("a", NOW)])).text
    for said in ("cannot be used", "The next run", "transcripts.casing", "More pairs have changed"):
        assert said not in plain


def test_what_all_rows_are_written_in_alike_is_no_inconsistency() -> None:
    settled = replace(report(made(300)), manner=Manner(casing=Casing.LOWER))
    text = read(settled).text
    assert "transcripts.casing" not in text
    assert "set transcripts.punctuation" in text


def test_an_empty_report_is_a_page_too() -> None:
    text = read(report([], state=DatasetState("d"))).text
    assert "0 waiting, 0 accepted, 0 rejected" in text
    assert "Nothing was found." in text
    assert "None measured yet." in text
    assert "none yet" in text


# --- plots ------------------------------------------------------------------------------------------------------


def test_the_plots_figures_are_the_profiles() -> None:
    shown = report(made(500))
    page = read(shown)
    for measure in Measure:
        drawn = shown.profile.histograms[measure]
        bins = sorted({*drawn.accepted, *drawn.rejected})
        rows = page.cells[f"{measure}-figures"][1:]
        assert [(int(row[1]), int(row[2])) for row in rows] == [
            (drawn.accepted.get(at, 0), drawn.rejected.get(at, 0)) for at in bins
        ]
        edges = SCALES[measure].edges
        first = "below" if bins[0] == 0 else f"{edges[bins[0] - 1]:g} to"
        assert rows[0][0].startswith(first)


@pytest.mark.parametrize("measure", list(Measure))
def test_bars_are_as_high_as_they_are_many_and_stand_side_by_side(measure: Measure) -> None:
    edges = SCALES[measure].edges
    histogram = Histogram({at: 2 * at for at in range(1, len(edges))}, dict.fromkeys(range(len(edges) + 1), 2))
    drawn = plot(measure, histogram, Limits())
    boxes = [bar.rejected_box for bar in drawn.bars if bar.rejected_box]
    assert len(boxes) == len(edges) + 1
    assert boxes[0].x == LEFT
    assert boxes[-1].x + boxes[-1].width == WIDTH - RIGHT
    assert all(abs(left.x + left.width - right.x) < 0.2 for left, right in pairwise(boxes))
    heights = [(bar.accepted_box.height / bar.accepted) for bar in drawn.bars if bar.accepted_box and bar.accepted > 20]
    assert max(heights) - min(heights) < 0.02
    for bar in drawn.bars:
        if bar.accepted_box and bar.rejected_box:
            assert bar.rejected_box.y + bar.rejected_box.height == pytest.approx(bar.accepted_box.y, abs=0.11)
    assert drawn.pairs == sum(histogram.accepted.values()) + sum(histogram.rejected.values())


@pytest.mark.parametrize("many", [1, 3, 4, 7, 99, 100, 101, 12_345, 10**7])
def test_the_scale_upwards_has_whole_numbers_and_room_for_the_highest(many: int) -> None:
    drawn = plot(Measure.SNR, Histogram({5: many}), Limits())
    ticks = [int(mark.text.replace(",", "")) for mark in drawn.upwards if "e" not in mark.text]
    assert ticks[0] == 0
    assert drawn.bars[0].accepted_box
    assert 0 < drawn.bars[0].accepted_box.height < HEIGHT


def test_limits_are_lines_with_their_figures_wherever_they_are_set() -> None:
    limits = Limits(min_audio_seconds=0, max_audio_seconds=1200, advised_snr_db=-5, max_characters_per_second=400)
    marks = {measure: plot(measure, Histogram({3: 1}), limits).limits for measure in Measure}
    assert [mark.text for mark in marks[Measure.SECONDS]] == ["least 0", "advised 30", "most 1200"]
    assert [mark.text for mark in marks[Measure.LEVEL]] == ["quiet -40", "loud -6"]
    assert [mark.text for mark in marks[Measure.SNR]] == ["advised -5"]
    assert [mark.text for mark in marks[Measure.PACE]] == ["slow 2", "most 400"]
    assert all(LEFT <= mark.at <= WIDTH - RIGHT for each in marks.values() for mark in each)


def test_every_plot_has_a_title_its_axes_units_and_figures_to_read_instead() -> None:
    page = read(report(made(100)))
    drawings, ids = page.of("svg"), {attributes.get("id") for _, attributes in page.elements}
    assert len(drawings) == 4
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert drawing["aria-labelledby"] in ids
        assert drawing["aria-describedby"] in ids
    for unit in (
        "seconds, on a logarithmic axis",
        "dBFS (RMS, full scale is 0)",
        "dB, estimated",
        "letters and digits a",
    ):
        assert unit in page.text


# --- a page that does nothing by itself -------------------------------------------------------------------------


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    page = read(report(made(100)))
    tags = {name for name, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}
    addresses = {value for _, each in page.elements for name, value in each.items() if name in {"href", "src"}}
    assert addresses == {"report.jsonl", "data:,"}
    assert not [name for _, each in page.elements for name in each if name.startswith("on")]
    style = render(report([])).decode()
    assert "url(" not in style
    assert "@import" not in style
    policy = [each for each in page.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert [each["content"] for each in policy] == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_it_is_made_for_small_screens_and_dark_ones() -> None:
    page = read(report(made(10)))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    html = render(report([])).decode()
    assert "prefers-color-scheme: dark" in html
    assert "overflow-wrap: anywhere" in html


def test_no_id_stands_twice() -> None:
    ids = [each["id"] for _, each in read(report(made(100))).elements if "id" in each]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_text_wherever_it_stands(name: str) -> None:
    dice = random.Random(4)  # noqa: S311 - as above
    sentence = RULES["transcript_duplicate"].found(f"The same words are in the dataset as {name}.")
    pair = replace(refused(name, "audio_silent"), dataset=name, remarks=(sentence,))
    tasked = replace(judged("x", NOW, dice), state=PairState.ACCEPTED)
    while tasked.row is None:
        tasked = replace(rejudged(tasked, NOW, dice), remarks=())
    tasked = replace(tasked, row=replace(tasked.row, task=name))
    state = replace(STATE, errors=(f"threshold: {name}",))
    shown = report([pair, tasked], dataset=name, state=state, plan=[(name, name)])
    plain = read(report([refused("plain", "audio_silent"), tasked], state=state, plan=[("a", "b")]))
    page = read(shown)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in plain.elements}
    assert not [attribute for _, each in page.elements for attribute in each if attribute.startswith("on")]
    expected = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)
    assert "".join(page.texts).count(expected) >= 7
    assert not UNSEEN.search("".join(page.texts))


def test_names_of_the_greatest_length_break() -> None:
    pair = refused("会" * 300, "audio_silent")
    html = render(report([pair])).decode()
    assert "会" * 300 in html
    worst = html[html.index('<h2 id="worst">') :]
    assert f'<bdi class="path">{"会" * 300}</bdi>' in worst


def test_a_page_of_thousands_is_no_longer_than_one_of_hundreds() -> None:
    assert len(render(report(made(3000)))) < 1.2 * len(render(report(made(600)))) < 120_000


def test_a_profile_of_nothing_is_no_trouble() -> None:
    assert b"<html" in render(report([], profile=Profile()))
