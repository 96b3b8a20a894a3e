"""The page in words: what a drawing shows is also said. Not yet neutralised."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from probecli.history.moment import micros
from probecli.history.outages import Outage
from probecli.output.report.page import Page, PastIncident, Row, Share, Standing
from probecli.output.report.timeline import Timeline, Unit
from probecli.output.words import duration, moment, phrase, plural, span_words

# Worst first: the order in which people want to read.
ORDER: tuple[Standing, ...] = ("down", "unknown", "degraded", "not probed", "up")
_MOST_NAMED = 4
SECOND = 1_000_000


def standings(page: Page) -> list[tuple[Standing, int]]:
    """How many targets are what, worst first; what does not occur is left out."""
    counted = Counter(row.standing for row in page.rows)
    return [(standing, counted[standing]) for standing in ORDER if counted[standing]]


def headline(page: Page) -> tuple[Standing, str]:
    """The page in one sentence, and what it is worst at."""
    counted = standings(page)
    total = len(page.rows)
    if not counted:
        return "not probed", "Nothing was probed"
    worst, number = counted[0]
    if worst == "not probed" and number == total:
        return worst, f"Nothing probed since {moment(max(row.seen_at for row in page.rows))}"
    verb = "is" if number == 1 else "are"
    if number < total:
        if worst == "not probed":
            return "up", f"All {plural(total - number, 'target')} probed {verb} up"
        return worst, f"{number:,} of {plural(total, 'target')} {verb} {worst}"
    if total == 1:
        return worst, f"The target is {worst}"
    return worst, f"All {total:,} targets are {worst}"


def day_words(at_us: int, unit: Unit) -> str:
    """`18 Dec`, or `18 Dec 07:00Z` for less than a day."""
    at = datetime.fromtimestamp(at_us // SECOND, UTC)
    day = f"{at.day} {at:%b}"
    return day if unit == "day" else f"{day} {at:%H:%M}Z"


def timeline_words(timeline: Timeline) -> str:
    """What the bars span: `90 days to 22 Dec`."""
    at = day_words(timeline.end_us, timeline.unit)
    if timeline.unit == "day":
        return f"{plural(timeline.count, 'day')} to {at}"
    if timeline.unit == "hour":
        return f"{plural(timeline.count, 'hour')} to {at}"
    return f"{span_words(timeline.count * 300)} to {at}"


def since_words(row: Row, as_of: str) -> tuple[str, str]:
    """How long it is as it is, and the interval in which that began; empty when not known."""
    if row.standing == "not probed":
        return f"for {_ago(row.seen_at, as_of)}", moment(row.seen_at)
    if row.since is None:
        return "", ""
    seconds = (micros(as_of) - micros(row.since)) / SECOND
    length = f"for {span_words(seconds)}" if seconds >= 1 else "new in this run"
    since = _clock(row.since, as_of)
    if row.last_ok is None:
        return length, f"{since} or before"
    return length, f"between {_clock(row.last_ok, as_of)} (last ok) and {since}"


def _clock(rfc3339: str, as_of: str) -> str:
    """`06:00Z` today, `18 Dec 06:00Z` before, with the year where it is another."""
    if rfc3339[:10] == as_of[:10]:
        return f"{rfc3339[11:16]}Z"
    return day_words(micros(rfc3339), "hour") if rfc3339[:4] == as_of[:4] else moment(rfc3339)


def _ago(then: str, now: str) -> str:
    return span_words(max(0, micros(now) - micros(then)) / SECOND)


def why_words(row: Row) -> str:
    """Why it is not up: the detail, or the cause in words."""
    return row.detail or (phrase(row.cause) if row.cause else "")


def bucket_words(share: Share, length_us: int) -> str:
    """What a target was in one bucket: `down 2 h, degraded 10 min, not probed 3 h`."""
    parts = [
        f"{state} {_length(part * length_us)}"
        for state in ("down", "unknown", "degraded")
        if (part := getattr(share, state))
    ]
    if share.probed < 0.995:
        none = share.probed == 0
        parts.append(
            "not probed" if none else f"not probed {_length((1 - share.probed) * length_us)}"
        )
    return ", ".join(parts)


def _length(part_us: float) -> str:
    return span_words(part_us / SECOND) if part_us >= SECOND else "for a moment"


def notable(shares: Sequence[Share], timeline: Timeline) -> list[tuple[str, str]]:
    """The buckets that were not wholly up, newest first; neighbours never probed are one."""
    told: list[tuple[str, str]] = []
    unseen: list[int] = []

    def unprobed() -> None:
        if unseen:
            last, first = (
                day_words(timeline.bounds(at)[0], timeline.unit) for at in (unseen[0], unseen[-1])
            )
            told.append((last if last == first else f"{first} to {last}", "not probed"))
            unseen.clear()

    for index in range(len(shares) - 1, -1, -1):
        if shares[index].probed == 0:
            unseen.append(index)
            continue
        unprobed()
        begin, end = timeline.bounds(index)
        if words := bucket_words(shares[index], end - begin):
            told.append((day_words(begin, timeline.unit), words))
    unprobed()
    return told


def bars_words(shares: Sequence[Share], timeline: Timeline) -> str:
    """What the bars of a row show."""
    parts = []
    for state in ("down", "unknown", "degraded"):
        found = [at for at in range(len(shares) - 1, -1, -1) if getattr(shares[at], state)]
        if found:
            named = [
                f"{day_words(timeline.bounds(at)[0], timeline.unit)} "
                f"({_length(getattr(shares[at], state) * _width(timeline, at))})"
                for at in found[:_MOST_NAMED]
            ]
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            parts.append(f"{state} on {len(found)}: {', '.join(named)}{more}")
    if unseen := sum(share.probed == 0 for share in shares):
        parts.append(f"not probed on {unseen}")
    whole = sum(share.up > 0 and bool(not bucket_words(share, 1)) for share in shares)
    parts.insert(0, f"up throughout on {whole}")
    return f"{timeline_words(timeline)}: {'; '.join(parts)}"


def _width(timeline: Timeline, index: int) -> int:
    begin, end = timeline.bounds(index)
    return end - begin


def latency_words(p50: Sequence[float | None], p95: Sequence[float | None]) -> str:
    """What a latency plot shows."""
    medians = [ms for ms in p50 if ms is not None]
    high = max(ms for ms in (*p95, *medians) if ms is not None)
    low, most = min(medians), max(medians)
    between = duration(low) if low == most else f"{duration(low)} to {duration(most)}"
    return f"Median latency {between}, 95th percentile up to {duration(high)}"


def percent(share: float | None) -> str:
    """`99.98 %`; never rounded up to 100."""
    if share is None:
        return "-"
    value = int(share * 1e4 + 1e-6) / 100
    return f"{value:.0f} %" if value in (0.0, 100.0) else f"{value:.2f} %"


def outage_words(one: Outage, now_us: int) -> str:
    """`18 Dec 07:10Z, 2 h: http.error 503`, or that it lasts still."""
    seconds = one.length_us(now_us) / SECOND
    length = span_words(seconds) if seconds >= 1 else "new"
    length = length if one.until_us is not None or seconds < 1 else f"{length} so far"
    flapping = f", flapping, {plural(one.changes, 'change')}" if one.changes else ""
    status = f" {one.status}" if one.status else ""
    cause = f": {one.cause}{status}" if one.cause else ""
    return f"{day_words(one.since_us, 'hour')}, {length}{flapping}{cause}"


def past_words(one: PastIncident) -> tuple[str, str]:
    """What was down, and how: `3 targets of La Poste Groupe`, `http.error, 2 h`."""
    number = len(one.targets)
    who = one.title if one.targets == (one.title,) else f"{_named(one.targets)} of {one.title}"
    if number > 1:
        who = f"{plural(number, 'target')} of {one.title} ({_named(one.targets)})"
    causes = ", ".join(one.causes)
    flapping = f"flapping, {plural(one.changes, 'change')}" if one.changes else ""
    return who, "; ".join(filter(None, (causes, flapping)))


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def span_of(one: PastIncident) -> tuple[str, str, str]:
    """When an incident began and ended, and how long it was."""
    begin, end = (day_words(at, "hour") for at in (one.since_us, one.until_us))
    if begin.rpartition(" ")[0] == end.rpartition(" ")[0]:
        end = end.rpartition(" ")[2]
    return begin, end, span_words((one.until_us - one.since_us) / SECOND)
