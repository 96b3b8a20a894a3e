import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from output.hostile import FRAGMENTS, is_harmless_line, texts
from output.report_samples import at, december, html, taken
from output.samples import INCIDENT, OUTAGE, attempt, result
from probecli.model.result import ExpectationResult, HttpFacts, Result, Server, TlsFacts
from probecli.output.report.observed import page_of_snapshots
from probecli.output.report.page import Page

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "'><svg/onload=alert(1)>",
    "</style></title><base href=//evil>",
    "<!--",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "&lt;b&gt;",
    "javascript:alert(1)",
)
ELEMENTS = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "svg", "symbol", "circle"),
    *("path", "rect", "use", "header", "p", "h1", "h2", "h3", "span", "time", "ul", "ol", "li"),
    *("main", "section", "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "code"),
    *("abbr", "details", "summary", "div", "dl", "dt", "dd", "footer"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "style", "class", "id"),
    *("aria-hidden", "aria-label", "aria-labelledby", "viewbox", "d", "cx", "cy", "r", "rx"),
    *("width", "height", "datetime", "tabindex", "role", "scope", "title", "preserveaspectratio"),
}


def parsed(page: Page) -> LexborHTMLParser:
    return LexborHTMLParser(html(page))


def hostile_page(text: str) -> Page:
    """A page with `text` wherever a server or a target file may have put some."""
    one = result(
        text or "x",
        "down",
        "http.error",
        text,
        group=text,
        url=text,
        tags=(text,),
        server=Server(text, text, 1, None),
        http=HttpFacts(method="GET", status=503, version=text, final_url=text, redirects=(text,)),
        tls=TlsFacts(version=text, cipher=text, subject=text, issuer=text),
        expectations=(
            ExpectationResult(name=text, level="expect", ok=False, expected=text, actual=text),
        ),
        attempts=(attempt(1, "down", text, text), attempt(2, "down", text, text)),
    )
    run = taken([one], at(22, 6))
    shared = replace(INCIDENT.shared, group=text, title=text, text=text, ip=text)
    incident = replace(INCIDENT, targets=(text, text), shared=shared, cause=text)
    run = replace(run, incidents=(incident,), gate=replace(run.gate, reason=text))
    run = replace(run, run=replace(run.run, vantage=text, notice=text))
    return page_of_snapshots([run, replace(run, run=replace(run.run, started_at=_EARLIER))])


_EARLIER = "2025-12-20T06:00:00.000Z"


def assert_inert(page: Page) -> None:
    tree = parsed(page)
    for node in tree.css("*"):
        assert node.tag in ELEMENTS
        assert {name.lower() for name in node.attributes} <= ATTRIBUTES
        for text in node.attributes.values():
            assert text is None or text.isprintable()
    links = [node.attributes["href"] or "" for node in tree.css("a, link, use")]
    assert all(link.startswith(("#", "https://", "http://", "data:image/svg")) for link in links)
    body = tree.css_first("body")
    assert all(is_harmless_line(line.strip()) for line in body.text().splitlines())


@pytest.mark.parametrize("text", [*MARKUP, *FRAGMENTS])
def test_nothing_a_server_sent_is_markup(text: str) -> None:
    assert_inert(hostile_page(text))


@given(st.one_of(texts, st.lists(st.sampled_from(MARKUP), max_size=4).map("".join)))
def test_no_combination_of_hostile_texts_is_markup(text: str) -> None:
    assert_inert(hostile_page(text))


def test_a_text_is_shown_as_it_was_sent() -> None:
    shown = parsed(hostile_page("<b>5 & 6</b>")).css_first(".why").text()

    assert "<b>5 & 6</b>" in shown


def test_only_web_addresses_are_links() -> None:
    for url, is_link in (
        ("https://example.org/a?b=1&c=***", True),
        ("http://example.org/", True),
        ("tcp://example.org:25", False),
        ("javascript:alert(1)//http://", False),
    ):
        links = parsed(page_of_snapshots([taken([result(url=url)], at(22))])).css("dd a")
        assert [link.attributes["href"] for link in links] == [url] * is_link
        assert all("noreferrer" in (link.attributes["rel"] or "") for link in links)


def test_the_page_runs_nothing_and_loads_nothing() -> None:
    tree = parsed(page_of_snapshots(december()))
    (policy,) = tree.css("meta[http-equiv=Content-Security-Policy]")

    assert tree.css("script, img, iframe, object, embed, form, base") == []
    assert [link.attributes["rel"] for link in tree.css("link")] == ["icon"]
    assert (policy.attributes["content"] or "").startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [
        int(node.tag[1]) for node in parsed(page_of_snapshots(december())).css("h1, h2, h3, h4")
    ]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_drawing_is_said_or_is_decoration() -> None:
    drawings = parsed(page_of_snapshots(december())).css("svg")
    said = [one.attributes.get("aria-label") for one in drawings if one.attributes.get("role")]

    assert len(said) == 4
    assert all(said)
    assert all(
        one.attributes.get("role") == "img" or one.attributes.get("aria-hidden") == "true"
        for one in drawings
    )


def test_tables_keep_their_meaning_when_they_become_cards() -> None:
    tree = parsed(page_of_snapshots(december()))

    for table in tree.css("table"):
        assert table.attributes["role"] == "table"
        columns = len(table.css("thead th"))
        for row in table.css("tbody tr"):
            assert len(row.css("th[role=rowheader][scope=row]")) == 1
            assert len(row.css("th, td")) == columns
            assert all(cell.attributes.get("role") for cell in row.css("th, td"))


def test_ids_are_unique_and_every_fragment_leads_somewhere() -> None:
    tree = parsed(page_of_snapshots(december()))
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    fragments = {
        (node.attributes["href"] or "")[1:] for node in tree.css("a[href^='#'], use[href^='#']")
    }
    labels = {node.attributes["aria-labelledby"] for node in tree.css("[aria-labelledby]")}

    assert len(ids) == len(set(ids))
    assert fragments | labels <= set(ids)


def test_what_is_down_stands_first_with_why_and_since() -> None:
    tree = parsed(page_of_snapshots(december()))
    (row,) = tree.css(".now tbody tr")

    assert tree.css_first("h1").text().strip() == "1 of 2 targets is down"
    words = " ".join(row.text().split())
    assert words == (
        "down api 503, expected 200-399 http.error "
        "new in this run between 05:00Z (last ok) and 06:00Z"
    )


def test_the_gate_and_the_incident_are_told() -> None:
    run = replace(taken(OUTAGE, at(22, 6)), incidents=(INCIDENT,))
    page = html(page_of_snapshots([run]))

    assert "Gate failed: 5 down, 0 allowed (exit code 1)" in page
    assert "3 targets of la-poste are down" in page


def test_500_targets_over_90_days_stay_light() -> None:
    runs = [taken(_busy(index, 500), at(22, 6) - index * 86_400) for index in range(90)]
    page = page_of_snapshots(runs)
    document = html(page).encode()

    assert len(page.rows[0].shares) == 90
    assert len(document) < 1_500_000
    assert len(gzip.compress(document)) < 200_000


def _busy(day: int, number: int) -> list[Result]:
    """Targets of which one in fifty was down on a day, at latencies that differ."""
    return [
        result(
            f"shop-{index:03d}.example.org",
            "down" if (index * 31 + day * 17) % 50 == 0 else "up",
            "http.error" if (index * 31 + day * 17) % 50 == 0 else None,
            group=f"region-{index % 12}",
            ms=100 + (index * 7919 + day * 104_729) % 400,
        )
        for index in range(number)
    ]
