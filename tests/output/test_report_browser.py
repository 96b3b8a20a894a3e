import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from output.browser import CHROMIUM, Tab, browser
from output.report_samples import at, december, html, taken
from output.samples import OUTAGE
from output.test_report_html import MARKUP, hostile_page
from probecli.output.report.observed import page_of_snapshots

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or shutil.which("bash") is None,
    reason="no chromium here; on Debian: apt-get install chromium",
)
PAGES = {
    "days": lambda: page_of_snapshots(december()),
    "moment": lambda: page_of_snapshots([taken(OUTAGE, at(22, 6))]),
    "hostile": lambda: hostile_page("".join(MARKUP) + "x" * 500),
}


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(html(make()))
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_a_page_loads_alone_and_fits_its_window(
    tab: Tab, folder: Path, name: str, width: int
) -> None:
    path = folder / f"{name}.html"
    tab.open(path, width=width, scheme="light")
    tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")

    assert tab.value("document.documentElement.scrollWidth") <= width
    assert tab.value("document.querySelector('h1').offsetHeight") > 0
    asked = [event["request"]["url"] for event in tab.said("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert tab.said("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled") == []


def test_light_and_dark_follow_the_system(tab: Tab, folder: Path) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        tab.open(folder / "days.html", width=800, scheme=scheme)
        colours[scheme] = [
            tab.value(f"getComputedStyle(document.body).{name}")
            for name in ("backgroundColor", "color")
        ]

    assert colours["light"][0] == "rgb(255, 255, 255)"
    assert colours["dark"][0] == "rgb(20, 23, 26)"
    assert colours["light"][1] != colours["dark"][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_page(tab: Tab, folder: Path, scheme: str) -> None:
    tab.open(folder / "moment.html", width=800, scheme=scheme)

    assert tab.value(_LOWEST_CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [360, 1280])
def test_tables_are_tables_to_a_screen_reader(tab: Tab, folder: Path, width: int) -> None:
    tab.open(folder / "days.html", width=width, scheme="light")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    names = {node.get("name", {}).get("value") for node in nodes if not node["ignored"]}

    assert roles.count("table") == 3
    assert {"banner", "main", "contentinfo", "columnheader", "rowheader"} <= set(roles)
    assert any(name and name.startswith("6 days to 22 Dec: up throughout on 3") for name in names)
    assert "Details of api" in names


def test_the_keyboard_reaches_details_and_the_focus_shows(tab: Tab, folder: Path) -> None:
    tab.open(folder / "days.html", width=800, scheme="light")
    stops = []
    for _ in range(4):
        for kind in ("rawKeyDown", "keyUp"):
            tab.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Tab",
                code="Tab",
                windowsVirtualKeyCode=9,
            )
        stops.append(tab.value("document.activeElement.innerText.trim()"))
        assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for kind in ("keyDown", "keyUp"):
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            text="\r",
        )

    assert stops[0].startswith("Skip to")
    assert stops[1] == "api"
    assert stops[2].startswith("Details of")
    assert tab.value("document.activeElement.parentElement.open || location.hash") is not None
    assert tab.value("document.querySelectorAll('details[open]').length") == 1


def test_a_link_to_a_target_opens_its_details(tab: Tab, folder: Path) -> None:
    tab.open(folder / "days.html", width=800, scheme="light")
    tab.value("document.querySelector('.now a').click()")

    assert tab.value("document.querySelector('details:has(#t0)').open") is True


# WCAG 2.2, 1.4.3: the contrast of each text to the background behind it.
_LOWEST_CONTRAST = """
(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map(one => one / 255)
    .map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, index) => sum + one * [.2126, .7152, .0722][index], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3]) return colour;
    }
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = 21;
  while (walk.nextNode()) {
    if (!walk.currentNode.data.trim()) continue;
    const one = walk.currentNode.parentElement;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))];
    lowest = Math.min(lowest, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
  }
  return lowest;
})()
"""
