"""The page as HTML: every text escaped and made harmless in one place."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probecli.history.moment import micros
from probecli.model.cause import CAUSES
from probecli.output.report import words
from probecli.output.report.build import MOST_PAST
from probecli.output.report.draw import LINE_HEIGHT, STEP, Bars, Lines, bars, lines
from probecli.output.report.page import Page, Row
from probecli.output.words import (
    attempt_words,
    duration,
    flaky_words,
    gate_words,
    incident_words,
    moment,
    phase_words,
    plural,
    span_words,
)
from probecli.text import harmless

if TYPE_CHECKING:
    from jinja2 import Environment

# No text of a server or a file is longer on the page than this.
MOST_CHARACTERS = 600
_MOST_NOT_UP = 200
_MOST_OUTAGES = 20
_MOST_ATTEMPTS = 10
_MOST_NOTABLE = 30


class _View(Struct, frozen=True, kw_only=True):
    """A row as the template shows it."""

    row: Row
    id: str
    why: str
    since: tuple[str, str]
    bars: Bars | None
    bars_words: str
    lines: Lines | None
    lines_words: str
    latency: str
    uptime: str
    notable: list[tuple[str, str]]
    notable_rest: int
    facts: list[tuple[str, str]]
    hint: str
    outages: list[str]
    attempts: list[str]
    url: str


def render(page: Page) -> Iterator[bytes]:
    """The document in pieces of UTF-8."""
    end_us = micros(page.as_of)
    several = len(page.vantages) > 1
    numbers = iter(range(len(page.rows)))
    groups = [
        (
            group.title,
            [_view(row, f"t{next(numbers)}", page, end_us, several) for row in group.rows],
        )
        for group in page.groups
    ]
    standing, sentence = words.headline(page)
    views = [view for _, listed in groups for view in listed]
    rank = {state: place for place, state in enumerate(words.ORDER)}
    not_up = sorted(
        (view for view in views if view.row.standing not in ("up", "not probed")),
        key=lambda view: (rank[view.row.standing], view.row.since is None, view.row.since or ""),
    )
    timeline = page.timeline
    template = _environment().get_template("page.html.jinja")
    pieces = template.generate(
        page=page,
        standing=standing,
        headline=sentence,
        counts=words.standings(page),
        not_up=not_up[:_MOST_NOT_UP],
        not_up_rest=len(not_up) - _MOST_NOT_UP,
        incidents=[_incident(one) for one in page.incidents],
        past=[(words.span_of(one), words.past_words(one)) for one in page.past[:MOST_PAST]],
        past_rest=len(page.past) - MOST_PAST,
        groups=groups,
        several=several,
        gate_words=gate_words,
        runs=[_run_facts(page, index) for index in range(len(page.vantages))],
        timeline_words=words.timeline_words(timeline) if timeline else "",
        cells=timeline.count if timeline else 0,
        bar_box=f"0 0 {timeline.count * STEP - 1} 24" if timeline else "",
        line_box=f"0 0 {timeline.count * STEP} {LINE_HEIGHT}" if timeline else "",
        bar_width=timeline.count * STEP - 1 if timeline else 0,
    )
    yield from _joined(pieces)


def _joined(pieces: Iterable[str], size: int = 64 * 1024) -> Iterator[bytes]:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length >= size:
            yield "".join(kept).encode()
            kept, length = [], 0
    yield "".join(kept).encode()


@cache
def _environment() -> "Environment":
    # Jinja2: a tenth of a second that only runs with a page pay.
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def neutral(value: Any) -> Any:
        """Every expression of the templates comes through here, before it is escaped."""
        if isinstance(value, str) and not isinstance(value, Markup):
            return value if value.isdecimal() else _limited(value)
        return value

    environment = Environment(
        loader=PackageLoader("probecli.output.report"),
        autoescape=True,
        finalize=neutral,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Path data is made of numbers here, and may be longer than any text.
    environment.filters["path"] = Markup
    return environment


def _limited(value: str) -> str:
    return harmless(value, MOST_CHARACTERS)


def _view(row: Row, number: str, page: Page, end_us: int, several: bool) -> _View:
    timeline = page.timeline
    plot = lines(row.latency)
    cause = CAUSES.get(row.cause) if row.cause else None
    attempts = row.result.attempts if row.result else ()
    notable = words.notable(row.shares, timeline) if timeline else []
    return _View(
        row=row,
        id=number,
        why=words.why_words(row),
        since=words.since_words(row, page.as_of),
        bars=bars(row.shares) if timeline else None,
        bars_words=words.bars_words(row.shares, timeline) if timeline else "",
        lines=plot,
        lines_words=words.latency_words(row.latency.p50, row.latency.p95) if plot else "",
        latency=duration(row.latency_ms) if row.latency_ms is not None else "-",
        uptime=words.percent(row.uptimes[0].share) if row.uptimes else "-",
        notable=notable[:_MOST_NOTABLE],
        notable_rest=len(notable) - _MOST_NOTABLE,
        facts=[(name, value) for name, value in _facts(row, several) if value],
        hint=cause.hint if cause and row.standing != "up" else "",
        outages=[words.outage_words(one, end_us) for one in reversed(row.outages[-_MOST_OUTAGES:])],
        attempts=[attempt_words(one) for one in attempts[:_MOST_ATTEMPTS]]
        if len(attempts) > 1
        else [],
        url=row.url if row.url.startswith(("http://", "https://")) else "",
    )


def _facts(row: Row, several: bool) -> Iterator[tuple[str, str]]:
    """Names and values for the depth of a row; empty values are left out."""
    result = row.result
    http = result.http if result else None
    tls = result.tls if result else None
    yield "Cause", row.cause or ""
    yield "Vantage", row.vantage if several else ""
    yield "Tags", ", ".join(result.tags) if result else ""
    yield "Gate", "" if result is None or result.gated else "not gated"
    yield "Retries", flaky_words(result) if result else ""
    status = str(row.status or "")
    yield "Answer", " ".join(filter(None, (status, http.version if http else "")))
    redirected = http is not None and http.final_url and http.redirects
    yield "Led to", (http.final_url or "") if http and redirected else ""
    yield "Address", row.ip or ""
    yield "Phases", phase_words(result.timings_ms) if result else ""
    if row.not_after:
        left = "" if row.certificate_days is None else f", in {plural(row.certificate_days, 'day')}"
        if row.certificate_days is not None and row.certificate_days < 0:
            left = f", {plural(-row.certificate_days, 'day')} ago"
        yield "Certificate", f"until {moment(row.not_after)}{left}"
    if tls:
        yield "Subject", tls.subject or ""
        yield "Issuer", tls.issuer or ""
        yield "TLS", " ".join(filter(None, (tls.version, tls.cipher)))
    missed = [one for one in result.expectations if not one.ok] if result else []
    for one in missed:
        yield f"{one.level} {one.name}", f"{one.actual}, expected {one.expected}"
    shorter = (f"{words.percent(one.share)} in {one.window}" for one in row.uptimes[1:])
    yield "Uptime", ", ".join(shorter)
    yield "Last probed", moment(row.seen_at)


def _incident(incident: Any) -> str:
    return incident_words(incident).removeprefix("Incident: ")


def _run_facts(page: Page, index: int) -> list[tuple[str, str]]:
    """What is to be known of the last run of a vantage, name and value."""
    vantage = page.vantages[index]
    age = (micros(page.as_of) - micros(vantage.last_run_at)) / 1e6
    facts = [
        ("Vantage", vantage.name),
        (
            "Last run",
            moment(vantage.last_run_at) + (f", {span_words(age)} ago" if age >= 60 else ""),
        ),
    ]
    if page.timeline:
        facts.append(("Runs", f"{vantage.runs:,}"))
    if vantage.gate:
        facts.append(("Gate", gate_words(vantage.gate).removeprefix("Gate ")))
    if run := vantage.run:
        facts.append(("Took", duration(run.duration_ms)))
        if not run.complete:
            facts.append(("Incomplete", "the run was cut short"))
        if run.shard:
            facts.append(("Shard", run.shard))
        if run.notice:
            facts.append(("Notice", run.notice))
        facts.append(("probecli", run.version))
        facts.append(("Run", run.id))
    return facts
