"""Both reports in a browser: they run and fetch nothing, fit a telephone, can be read by day and by night."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from attune.domain.finding import Severity
from attune.domain.pair import PairState
from attune.domain.profile import profile_of, total
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES
from attune.domain.run import RunState
from attune.services.manifests.of_datasets import DatasetState
from attune.services.report import page as dataset_page
from attune.services.run_report.facts import RunReport
from attune.services.run_report.page import render
from attune_local.browser import MISSING, found
from measured import NOW, a_report, a_run, utterances
from pages import HOSTILE
from reported import judged, waiting

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PHONE, DESK = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=800)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEAST_SIZE = 11.9  # of 12 pixels, as they are rounded
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text
LONG = "a" * 300
MARKUP = "".join(HOSTILE[:5])

# Every text with its size in pixels of the screen and its contrast with what is behind it.
TEXTS = """() => {
  const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const parsed = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parsed(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const seen = [...document.body.querySelectorAll('*')].filter((each) => own(each) && each.tagName !== 'title');
  return seen.map((element) => {
    const style = getComputedStyle(element), svg = element.ownerSVGElement;
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    const [one, other] = [parsed(svg ? style.fill : style.color), ground(element)].map(light).sort((a, b) => b - a);
    const text = element.textContent.trim().slice(0, 40);
    return {text, size: parseFloat(style.fontSize) * scale, contrast: (one + 0.05) / (other + 0.05)};
  });
}"""
# What of a drawing stands out of it.
ASTRAY = """() => [...document.querySelectorAll('svg')].flatMap((svg) => {
  const box = svg.getBoundingClientRect();
  const shapes = [...svg.querySelectorAll('rect, circle, line, path, polyline, text')];
  return shapes.filter((shape) => {
    const {left, right, top, bottom} = shape.getBoundingClientRect();
    return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
  }).map((shape) => shape.outerHTML);
})"""
# What stands out of the page, unless it can be scrolled to in its own box.
WIDE = """() => [...document.body.querySelectorAll('*')].filter((each) =>
  !each.closest('.wide > *') && each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML)"""
OPEN = "() => document.querySelectorAll('details').forEach((each) => { each.open = true; })"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = found()
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


def of_a_dataset(name: str = "interviews", path: str = "calls/monday") -> bytes:
    dice = random.Random(1)  # noqa: S311 - a schedule, not a secret
    pairs = [judged(f"{path}/{index}", NOW, dice, name) for index in range(150)]
    refused = RULES["audio_silent"].found(f"It is as silent as {path}.")
    pairs.append(waiting(f"{path}/silent", NOW, name).rejected((refused,), NOW))
    looked_at = replace(RULES["audio_noisy"].found("It is noisy."), severity=Severity.LOOK)
    pairs.append(replace(waiting(f"{path}/noisy", NOW, name), state=PairState.ACCEPTED, remarks=(looked_at,)))
    state = DatasetState(name, version=3, version_since=NOW, errors=(f"threshold: {path}",))
    profile, by_id = total(map(profile_of, pairs)), {pair.id: pair for pair in pairs}
    plan = [("rows", "1,200"), ("cost", "4.20 USD")]
    return dataset_page.render(
        dataset_page.Report(name, NOW, profile, state, Limits(), pairs=by_id, plan=plan, behind=True)
    )


def with_text(text: str) -> RunReport:
    """A run whose names, sentences and transcripts are all this text."""
    report = a_report()
    heard = tuple(
        replace(
            each,
            example=replace(each.example, path=text, reference=f"{text} so", task=text),
            answers={role: replace(answer, text=f"{text} thus") for role, answer in each.answers.items()},
        )
        for each in utterances()
    )
    evaluation = report.evaluation
    assert evaluation
    slices = tuple(replace(each, name=text) for each in evaluation.slices)
    return replace(
        report,
        run=replace(a_run(text), reason=text, job=text),
        evaluation=replace(evaluation, normalisation=text, slices=slices),
        utterances=heard,
    )


PAGES: Mapping[str, Callable[[], bytes]] = {
    "dataset": of_a_dataset,
    "run": lambda: render(a_report()),
    "bare": lambda: render(RunReport(a_run(upto=RunState.RUNNING).to(RunState.FAILED, NOW, "It failed."), NOW)),
    "dataset of long names": lambda: of_a_dataset(LONG, LONG),
    "run of long names": lambda: render(with_text(LONG)),
}
PLOTS = {"dataset": 4, "run": 2, "bare": 0, "dataset of long names": 4, "run of long names": 2}


class Opened:
    """A page as somebody has it before them, with everything that it asked for or complained of."""

    def __init__(self, page: Page, content: bytes, folder: Path) -> None:
        self.page = page
        self.told: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        file = folder / "report.html"
        file.write_bytes(content)
        page.goto(file.as_uri())
        page.evaluate(OPEN)
        self.asked = [url for url in self.asked if url not in {file.as_uri(), "data:,"}]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    fresh = browser.new_page(viewport=PHONE)
    yield fresh
    fresh.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_report_is_readable_at_every_width_and_in_every_light(page: Page, name: str, tmp_path: Path) -> None:
    opened = Opened(page, PAGES[name](), tmp_path)
    for width in (PHONE, DESK):
        page.set_viewport_size(width)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(WIDE) == []
        assert page.evaluate(ASTRAY) == []
        drawn = [each.bounding_box() for each in page.locator("figure > svg").all()]
        assert len(drawn) == PLOTS[name]
        assert all(box and box["width"] > 250 and box["height"] > 80 for box in drawn)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            texts = page.evaluate(TEXTS)
            assert len(texts) > 20
            assert [each for each in texts if each["size"] < LEAST_SIZE or each["contrast"] < LEAST_CONTRAST] == []
    assert (opened.told, opened.asked) == ([], [])


def test_a_plot_has_as_many_bars_dots_and_whiskers_as_there_are_figures(page: Page, tmp_path: Path) -> None:
    Opened(page, render(a_report()), tmp_path)
    assert page.locator("[data-plot=scores] circle").count() == 3
    assert page.locator("[data-plot=curve] [data-run]").count() == 4
    assert page.locator("[data-plot=curve] .cross").count() == 1
    bars = [each.bounding_box() for each in page.locator("[data-slice=folder] rect").all()]
    widths = [round(box["width"] / bars[0]["width"], 2) for box in bars if box and bars[0]]
    assert widths == [round(rate / 0.31, 2) for rate in (0.31, 0.12, 0.19, 0.24, 0.12, 0.09)]


@pytest.mark.parametrize("content", [lambda: of_a_dataset(MARKUP, MARKUP), lambda: render(with_text(MARKUP))])
def test_names_and_words_that_look_like_mark_up_are_seen_as_text(
    page: Page, content: Callable[[], bytes], tmp_path: Path
) -> None:
    opened = Opened(page, content(), tmp_path)
    assert (opened.told, opened.asked) == ([], [])
    assert page.locator("script, img, iframe, [onmouseover]").count() == 0
    assert MARKUP in page.locator("h1").inner_text()
    assert MARKUP in page.title()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
