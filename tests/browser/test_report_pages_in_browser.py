"""The pages in a real browser: quiet, readable on a phone and by keyboard, in both schemes, deaf to scripts."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.marks_builders import (
    check_mark,
    described,
    hand_in,
    question_mark,
    rubric_for,
    run_marks,
    submission_marks,
)
from helpers.report_html import HOSTILE
from helpers.report_sample import sample_content, sample_run
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from grader.records import SubmissionStatus
from grader.report import Content, write_views

pytestmark = pytest.mark.browser

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
]
PAGES = ["feedback/s001.html", "feedback/s002.html", "feedback/s004.html", "feedback/s005.html", "summary.html"]
CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const behind = node => {
    for (let n = node; n; n = n.parentElement) {
      const c = numbers(getComputedStyle(n).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const svg = node instanceof SVGElement;
    const a = light(numbers(getComputedStyle(node)[svg ? 'fill' : 'color'])), b = light(behind(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(node.tagName + '.' + node.className + ' ' + ratio.toFixed(2));
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "Chromium of the distribution is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    marks = sample_run()
    write_views(folder, sample_content(marks))
    return folder


@pytest.fixture(scope="module")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every text of a student tries to take over the page."""
    folder = tmp_path_factory.mktemp("hostile")
    checks = [
        check_mark(f"1/{name}", outcome="failed", reason=text, convention=text, next_step=text, diagnosis=(text,))
        for name, text in HOSTILE.items()
    ]
    everything = " ".join(HOSTILE.values())
    row = submission_marks(
        "s001",
        question_mark("1", *checks, title=everything),
        name=everything,
        submission=everything,
        notes=tuple(HOSTILE.values()),
        flags=(everything,),
        status=SubmissionStatus.NEEDS_REVIEW,
    )
    marks = run_marks(row)
    content = Content(
        marks=marks,
        rubric=rubric_for(marks),
        describe=described(),
        submissions={("s001", 1): hand_in("s001", notes=(everything + " in full",))},
        answers={"s001": {"1/script": everything}},
    )
    write_views(folder, content)
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1000, "height": 800}, color_scheme="light")
    yield context.new_page()
    context.close()


def visit(page: Page, path: Path) -> tuple[list[str], list[str]]:
    """Open a file; gives the requests beyond the page itself, and what it wrote to the console."""
    requests: list[str] = []
    messages: list[str] = []

    def requested(request: Request) -> None:
        requests.append(request.url)

    def wrote(message: ConsoleMessage) -> None:
        messages.append(message.text)

    page.on("request", requested)
    page.on("console", wrote)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(path.as_uri(), wait_until="load")
    return [url for url in requests if url != path.as_uri()], messages


@pytest.mark.parametrize("name", PAGES)
def test_a_page_makes_no_request_and_no_noise(page: Page, run_folder: Path, name: str) -> None:
    assert visit(page, run_folder / name) == ([], [])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_320_pixels_without_scrolling_sideways(page: Page, run_folder: Path, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})

    visit(page, run_folder / name)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_all_text_has_enough_contrast_in_both_schemes(
    browser: Browser, run_folder: Path, name: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    visit(page, run_folder / name)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    poor = page.evaluate(CONTRAST)

    context.close()
    assert poor == []


def test_the_dark_scheme_is_dark_and_the_light_one_light(browser: Browser, run_folder: Path) -> None:
    lightness = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        page = context.new_page()
        visit(page, run_folder / "feedback/s001.html")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness[scheme] = sum(int(part) for part in re.findall(r"\d+", colour)[:3])
        context.close()

    assert lightness["dark"] < 150
    assert lightness["light"] > 600


def test_the_first_tab_offers_to_skip_and_the_skip_leads_to_the_questions(page: Page, run_folder: Path) -> None:
    visit(page, run_folder / "feedback/s001.html")

    page.keyboard.press("Tab")
    text = page.evaluate("document.activeElement.textContent")
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    page.keyboard.press("Enter")

    assert text == "Skip to the feedback"
    assert top >= 0
    page.wait_for_function("document.activeElement.id === 'main'")


def test_a_question_is_reached_from_the_list_by_keyboard(page: Page, run_folder: Path) -> None:
    visit(page, run_folder / "feedback/s001.html")

    page.locator("#question-list a").nth(3).focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**#q-2b")
    assert 0 <= page.evaluate("document.getElementById('q-2b').getBoundingClientRect().top") < 800


def test_links_of_the_list_are_large_enough_to_hit(page: Page, run_folder: Path) -> None:
    visit(page, run_folder / "feedback/s001.html")

    heights = page.evaluate(
        "[...document.querySelectorAll('#question-list a')].map(a => a.getBoundingClientRect().height)"
    )

    assert len(heights) == 9
    assert min(heights) >= 24


def test_print_opens_every_table_of_checks(page: Page, run_folder: Path) -> None:
    visit(page, run_folder / "feedback/s002.html")
    checks = page.get_by_text("1a/constructor")

    on_screen = checks.is_visible()
    page.emulate_media(media="print")

    assert not on_screen
    assert checks.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    assert checks.bounding_box() is not None


def test_without_its_style_the_page_still_reads_in_order(page: Page, run_folder: Path) -> None:
    visit(page, run_folder / "feedback/s001.html")

    page.evaluate("document.querySelector('style').remove()")

    text = " ".join(page.inner_text("body").split())
    order = [
        "22.42 of 53",
        "Questions Question",
        "About your file",
        "Named mistake",
        "How the marks add up",
        "About this page",
    ]
    positions = [text.index(part) for part in order]
    assert positions == sorted(positions)


@pytest.mark.parametrize("name", ["feedback/s001.html", "summary.html"])
def test_a_hostile_submission_runs_nothing_and_breaks_nothing(page: Page, hostile_folder: Path, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))

    found = visit(page, hostile_folder / name)
    page.mouse.move(160, 320)

    assert found == ([], [])
    assert dialogs == []
    assert page.title() in ("Feedback: Example coursework", "Summary: Example coursework")
    assert page.locator("script, img, iframe, object").count() == 0
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_script_that_somehow_got_in_would_not_run(page: Page, run_folder: Path, tmp_path: Path) -> None:
    html = (run_folder / "feedback/s001.html").read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(html.replace("<main", HOSTILE["script"] + "<main", 1), encoding="utf-8")

    requests, messages = visit(page, broken)

    assert page.title() == "Feedback: Coursework 2: gated networks"
    assert requests == []
    assert any("Content Security Policy" in message for message in messages)
