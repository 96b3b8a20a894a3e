"""From what was observed to the page: rows, groups, and incidents that are over."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from probecli.history.moment import DAY, micros, text_of
from probecli.history.outages import (
    Outage,
    Span,
    flapping_window_us,
    gap_limit_us,
    gaps,
    in_window,
    is_flapping,
    outages,
    uptime,
    usual_interval_us,
)
from probecli.history.stretches import Stretch
from probecli.model.result import Result
from probecli.output.report.page import Group, Latency, PastIncident, Row, Standing, Uptime
from probecli.output.report.shares import shares_of
from probecli.output.report.timeline import Timeline

MOST_PAST = 100
UNGROUPED = "Other targets"
_WINDOWS = (("24 hours", DAY), ("7 days", 7 * DAY), ("30 days", 30 * DAY))


class Track(Struct, frozen=True, kw_only=True):
    """What is known of one target of one vantage: its stretches, and when it was observed.

    `interval_us` is the usual time between observations, `missing` the gaps between them.
    """

    name: str
    vantage: str
    url: str
    group: str | None
    stretches: Sequence[Stretch]
    rhythm: "Rhythm"
    latency: Latency = Latency()
    result: Result | None = None


class Rhythm(Struct, frozen=True):
    """How often a target is observed, and where there were gaps, up to now."""

    interval_us: int | None
    missing: Sequence[Span]


def rhythm_of(times: Sequence[int], end_us: int) -> Rhythm:
    """The rhythm of observations in ascending order."""
    interval = usual_interval_us(times)
    return Rhythm(interval, gaps(times, end_us, gap_limit_us(interval)))


def row_of(track: Track, timeline: Timeline | None, end_us: int) -> Row:
    """One target as the page shows it; `end_us` is now."""
    newest = track.stretches[-1]
    result = track.result
    told = outages(track.stretches, flapping_window_us(track.rhythm.interval_us))
    begin = timeline.begin_us if timeline else end_us
    not_after = newest.not_after
    return Row(
        name=track.name,
        vantage=track.vantage,
        url=result.url if result else track.url,
        group=track.group,
        standing=_standing(track, end_us),
        seen_at=text_of(newest.last_us),
        cause=newest.cause,
        detail=newest.detail,
        since=(result and result.since) or _since(newest, track),
        last_ok=(result and result.last_ok) or _text(newest.last_better_us),
        status=newest.status,
        ip=newest.ip,
        not_after=not_after,
        certificate_days=(micros(not_after) - end_us) // DAY if not_after else _days_left(result),
        latency_ms=result.timings_ms.total if result else _last(track.latency.p50),
        flapping=is_flapping(told, end_us, flapping_window_us(track.rhythm.interval_us)),
        result=result,
        uptimes=_uptimes(track, begin, end_us) if timeline else (),
        shares=shares_of(track.stretches, track.rhythm.missing, timeline) if timeline else (),
        latency=track.latency,
        outages=tuple(in_window(told, begin, end_us + 1)),
    )


def _standing(track: Track, end_us: int) -> Standing:
    newest = track.stretches[-1]
    if end_us - newest.last_us > gap_limit_us(track.rhythm.interval_us):
        return "not probed"
    return newest.state


def _since(newest: Stretch, track: Track) -> str | None:
    """Since when, where more than this one observation says so."""
    alone = len(track.stretches) == 1 and newest.first_us == newest.last_us
    return None if alone else text_of(newest.since_us)


def _text(moment_us: int | None) -> str | None:
    return None if moment_us is None else text_of(moment_us)


def _days_left(result: Result | None) -> int | None:
    return result.tls.certificate_days if result and result.tls else None


def _last(series: Sequence[float | None]) -> float | None:
    return series[-1] if series else None


def _uptimes(track: Track, begin_us: int, end_us: int) -> tuple[Uptime, ...]:
    """The uptime over the whole page, then over the shorter windows that it holds."""

    def share(begin: int) -> float | None:
        return uptime(track.stretches, track.rhythm.missing, begin, end_us).share

    shorter = [(name, length) for name, length in _WINDOWS if end_us - length > begin_us]
    return (
        Uptime("whole", share(begin_us)),
        *(Uptime(name, share(end_us - length)) for name, length in shorter),
    )


def grouped(rows: Iterable[Row], titles: Mapping[str, str]) -> tuple[Group, ...]:
    """The rows by group in the order of their first; those without a group last."""
    found: dict[str | None, list[Row]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    alone = found.pop(None, [])
    told = [
        Group(titles.get(name) or name, tuple(members))
        for name, members in found.items()
        if name is not None
    ]
    if alone:
        told.append(Group(UNGROUPED if told else "Targets", tuple(alone)))
    return tuple(told)


def past_incidents(rows: Iterable[Row], titles: Mapping[str, str]) -> tuple[PastIncident, ...]:
    """Outages that are over, newest first; those of one group that meet in time are one."""
    spans: dict[tuple[str, str], list[tuple[int, int, str, Outage]]] = {}
    for row in rows:
        key = ("group", row.group) if row.group else ("name", row.name)
        spans.setdefault(key, []).extend(
            (one.since_us, one.until_us, row.name, one)
            for one in row.outages
            if one.until_us is not None
        )
    told = [
        incident
        for (kind, name), listed in spans.items()
        for incident in _meeting(titles.get(name, name) if kind == "group" else name, listed)
    ]
    return tuple(sorted(told, key=lambda one: (-one.until_us, one.title)))


def _meeting(title: str, listed: list[tuple[int, int, str, Outage]]) -> list[PastIncident]:
    told: list[PastIncident] = []
    together: list[tuple[int, int, str, Outage]] = []
    until = 0
    for one in sorted(listed, key=lambda item: item[:3]):
        if together and one[0] > until:
            told.append(_past(title, together))
            together = []
        until = max(until, one[1]) if together else one[1]
        together.append(one)
    if together:
        told.append(_past(title, together))
    return told


def _past(title: str, together: Sequence[tuple[int, int, str, Outage]]) -> PastIncident:
    return PastIncident(
        title=title,
        targets=tuple(dict.fromkeys(name for _, _, name, _ in together)),
        causes=tuple(dict.fromkeys(one.cause for _, _, _, one in together if one.cause)),
        since_us=together[0][0],
        until_us=max(until for _, until, _, _ in together),
        changes=max(one.changes for _, _, _, one in together),
    )
