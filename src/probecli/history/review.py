"""What a history says of its targets: state, since when, uptime, incidents, latency."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from sqlalchemy import Connection, func, select

from probecli.history import samples
from probecli.history.moment import DAY, text_of
from probecli.history.outages import (
    Outage,
    Span,
    flapping_window_us,
    gap_limit_us,
    gaps,
    in_window,
    is_flapping,
    mean_time_to_recovery_us,
    outages,
    uptime,
    usual_interval_us,
)
from probecli.history.store import members_of, stretches_of
from probecli.history.stretches import Stretch
from probecli.history.tables import runs, scopes, series, vantages
from probecli.model.cause import State

WINDOWS: tuple[tuple[str, int], ...] = (("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY))
"""The windows of uptime, by the name they have in JSON."""

BUCKETS = 24
# Percentiles of so many latencies are exact enough, and are read in well under a second.
_MOST_SAMPLES = 1_000_000
_CHUNK = 500


class Asked(Struct, frozen=True, kw_only=True):
    """Which targets (globs; none for all), and the window of incidents and latencies."""

    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    vantages: tuple[str, ...] = ()
    since_us: int
    until_us: int
    interval_us: int | None = None


class Share(Struct, frozen=True, kw_only=True):
    """Uptime in one window: per cent of the observed time, and what was not observed."""

    percent: float | None
    unknown_s: float
    gap_s: float


class PastOutage(Struct, frozen=True, kw_only=True):
    """One incident of a target: after `last_ok`, by `since`, until `until` or still."""

    since: str
    last_ok: str | None
    until: str | None
    duration_s: float
    cause: str | None
    status: int | None
    detail: str | None
    flapping: bool
    changes: int


class Latencies(Struct, frozen=True, kw_only=True):
    """Whole attempts that were answered, in milliseconds; `series` are medians in equal steps."""

    p50: float | None
    p95: float | None
    series: tuple[float | None, ...]


class Review(Struct, frozen=True, kw_only=True):
    """One target as one vantage saw it.

    `state` is that of the last observation; `observed` is false when that is longer ago than the
    runs are apart, so that nobody knows what it is by now.
    """

    name: str
    vantage: str
    group: str | None
    url: str
    state: State
    flapping: bool
    observed: bool
    cause: str | None
    detail: str | None
    since: str
    last_ok: str | None
    last_seen: str
    uptime: dict[str, Share]
    incidents: tuple[PastOutage, ...]
    mttr_s: float | None
    latency_ms: Latencies


class _Run(Struct, frozen=True, gc=False):
    id: int
    at_us: int
    scope: int


class _Rhythm(Struct, frozen=True):
    """When a target was observed: from when on, what is a gap, and where there was one."""

    first_us: int
    limit_us: int
    flapping_us: int
    gaps: list[Span]


def reviews(connection: Connection, asked: Asked) -> list[Review]:
    """Every target asked for, in order of vantage and name."""
    told: list[Review] = []
    everyone = select(vantages.c.id, vantages.c.name).order_by(vantages.c.name)
    for vantage, name in connection.execute(everyone).all():
        if not asked.vantages or name in asked.vantages:
            told += _of_vantage(connection, vantage, name, asked)
    return told


def _wanted(name: str, group: str | None, asked: Asked) -> bool:
    named = not asked.names or any(fnmatchcase(name, glob) for glob in asked.names)
    return named and (not asked.groups or group in asked.groups)


def _of_vantage(
    connection: Connection, vantage: int, vantage_name: str, asked: Asked
) -> Iterator[Review]:
    columns = select(series.c.id, series.c.name, series.c.grp, series.c.url)
    everyone = connection.execute(
        columns.where(series.c.vantage == vantage).order_by(series.c.name)
    ).all()
    chosen = [row for row in everyone if _wanted(row[1], row[2], asked)]
    ids = [row[0] for row in chosen]
    begin = min(asked.since_us, asked.until_us - WINDOWS[-1][1])
    all_runs = _runs(connection, vantage, begin, asked.until_us)
    members = _scopes(connection, vantage)
    stretches = stretches_of(connection, ids, begin)
    recent = [run for run in all_runs if run.at_us >= asked.since_us]
    codes = _codes(connection, recent, members, ids, asked)
    rhythm_of = _rhythms(all_runs, members, asked)
    for number, name, group, url in chosen:
        known = [one for one in stretches[number] if one.first_us <= asked.until_us]
        if not known:
            continue
        yield _review(
            (name, vantage_name, group, url),
            known,
            rhythm_of(number),
            codes.get(number) or [],
            asked,
        )


def _runs(connection: Connection, vantage: int, begin: int, end: int) -> list[_Run]:
    """The runs in a window and the one before it, in order."""
    before = (
        select(func.max(runs.c.at_us))
        .where(runs.c.vantage == vantage, runs.c.at_us < begin)
        .scalar_subquery()
    )
    rows = select(runs.c.id, runs.c.at_us, runs.c.scope).where(
        runs.c.vantage == vantage,
        runs.c.at_us >= func.coalesce(before, begin),
        runs.c.at_us <= end,
    )
    return [_Run(*row) for row in connection.execute(rows.order_by(runs.c.at_us)).all()]


def _scopes(connection: Connection, vantage: int) -> dict[int, dict[int, int]]:
    """The place of every series in each scope."""
    rows = select(scopes.c.id, scopes.c.members).where(scopes.c.vantage == vantage)
    return {
        number: {one: place for place, one in enumerate(members_of(data))}
        for number, data in connection.execute(rows).all()
    }


def _rhythms(
    all_runs: Sequence[_Run], members: dict[int, dict[int, int]], asked: Asked
) -> Callable[[int], _Rhythm]:
    """When a series was observed; those that the same runs observed share it."""
    kept: dict[frozenset[int], _Rhythm] = {}

    def rhythm(number: int) -> _Rhythm:
        within = frozenset(scope for scope, places in members.items() if number in places)
        if within not in kept:
            times = [run.at_us for run in all_runs if run.scope in within]
            interval = asked.interval_us or usual_interval_us(times)
            limit = gap_limit_us(interval)
            kept[within] = _Rhythm(
                times[0] if times else asked.until_us,
                limit,
                flapping_window_us(interval),
                gaps(times, asked.until_us, limit),
            )
        return kept[within]

    return rhythm


def _codes(
    connection: Connection,
    recent: Sequence[_Run],
    members: dict[int, dict[int, int]],
    ids: Sequence[int],
    asked: Asked,
) -> "dict[int, list[array[int]]]":
    """Latency codes of each series in each bucket of the window."""
    step = max(1, -(-len(recent) * max(len(ids), 1) // _MOST_SAMPLES))
    few = 8 * len(ids) < max(map(len, members.values()), default=0)
    found = {number: [array("H") for _ in range(BUCKETS)] for number in ids}
    width = max(asked.until_us - asked.since_us, 1)
    chosen = {run.id: run for run in recent[::step]}
    for number in ids if few else (None,):
        for run_id, data in _packed(connection, sorted(chosen), members, number):
            run = chosen[run_id]
            bucket = min(BUCKETS - 1, (run.at_us - asked.since_us) * BUCKETS // width)
            if number is not None:
                found[number][bucket].extend(samples.codes_of(data))
                continue
            codes, places = samples.codes_of(data), members[run.scope]
            for one in ids:
                place = places.get(one)
                if place is not None:
                    found[one][bucket].append(codes[place])
    return found


def _packed(
    connection: Connection,
    run_ids: Sequence[int],
    members: dict[int, dict[int, int]],
    number: int | None,
) -> Iterator[tuple[int, bytes]]:
    """The packed latencies of runs: of all their targets, or cut out for the series `number`."""
    parts = [select(runs.c.id, runs.c.total)]
    if number is not None:
        parts = [
            select(runs.c.id, func.substr(runs.c.total, 2 * places[number] + 1, 2)).where(
                runs.c.scope == scope
            )
            for scope, places in members.items()
            if number in places
        ]
    for start in range(0, len(run_ids), _CHUNK):
        chunk = run_ids[start : start + _CHUNK]
        for part in parts:
            for row in connection.execute(part.where(runs.c.id.in_(chunk))).all():
                yield row[0], row[1]


def _latencies(buckets: "Sequence[array[int]]") -> Latencies:
    answered = [sorted(code for code in bucket if code) for bucket in buckets]
    everything = sorted(code for bucket in answered for code in bucket)
    return Latencies(
        p50=samples.percentile(everything, 0.5),
        p95=samples.percentile(everything, 0.95),
        series=tuple(samples.percentile(bucket, 0.5) for bucket in answered),
    )


def _missing(stretches: Sequence[Stretch], rhythm: _Rhythm, begin: int) -> list[Span]:
    """Where nothing was observed, from the begin of the first window on."""
    if stretches[0].first_us < begin and rhythm.first_us - begin > rhythm.limit_us:
        return [(begin, rhythm.first_us), *rhythm.gaps]
    return rhythm.gaps


def _review(
    identity: tuple[str, str, str | None, str],
    stretches: Sequence[Stretch],
    rhythm: _Rhythm,
    codes: "Sequence[array[int]]",
    asked: Asked,
) -> Review:
    name, vantage, group, url = identity
    end = asked.until_us
    missing = _missing(stretches, rhythm, end - WINDOWS[-1][1])
    newest = stretches[-1]
    every = outages(stretches, rhythm.flapping_us)
    told = in_window(every, asked.since_us, end)
    last_seen = min(newest.last_us, end)
    recovery = mean_time_to_recovery_us(told)
    last_ok = newest.last_better_us
    return Review(
        name=name,
        vantage=vantage,
        group=group,
        url=url,
        state=newest.state,
        flapping=is_flapping(every, end, rhythm.flapping_us),
        observed=end - last_seen <= rhythm.limit_us,
        cause=newest.cause,
        detail=newest.detail,
        since=text_of(newest.since_us),
        last_ok=text_of(last_ok) if last_ok is not None else None,
        last_seen=text_of(last_seen),
        uptime={label: _share(stretches, missing, end - length, end) for label, length in WINDOWS},
        incidents=tuple(_told(one, end) for one in told),
        mttr_s=None if recovery is None else _seconds(recovery),
        latency_ms=_latencies(codes),
    )


def _seconds(length_us: int) -> float:
    return round(length_us / 1e6, 3)


def _share(stretches: Sequence[Stretch], missing: Sequence[Span], begin: int, end: int) -> Share:
    was = uptime(stretches, missing, begin, end)
    return Share(
        percent=None if was.share is None else round(was.share * 100, 4),
        unknown_s=_seconds(was.unknown_us),
        gap_s=_seconds(was.gap_us),
    )


def _told(one: Outage, now_us: int) -> PastOutage:
    return PastOutage(
        since=text_of(one.since_us),
        last_ok=text_of(one.last_ok_us) if one.last_ok_us is not None else None,
        until=text_of(one.until_us) if one.until_us is not None else None,
        duration_s=_seconds(one.length_us(now_us)),
        cause=one.cause,
        status=one.status,
        detail=one.detail,
        flapping=one.changes > 0,
        changes=one.changes,
    )
