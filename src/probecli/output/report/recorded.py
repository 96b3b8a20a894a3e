"""The page from a history, with the newest snapshots on top where there are any."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection, select

from probecli import __version__
from probecli.history import samples
from probecli.history.incidents import incidents_of
from probecli.history.memory import Memory, known, recalled
from probecli.history.moment import text_of
from probecli.history.outages import gap_limit_us
from probecli.history.store import Store, members_of, stretches_of
from probecli.history.stretches import Stretch
from probecli.history.tables import runs, scopes, series, vantages
from probecli.model.result import HttpFacts, Result, Server, TlsFacts
from probecli.model.snapshot import Incident, Run, Snapshot
from probecli.model.target import KIND_BY_SCHEME
from probecli.output.report.build import (
    Rhythm,
    Track,
    grouped,
    past_incidents,
    rhythm_of,
    row_of,
)
from probecli.output.report.observed import in_order, moment_us, newest_of, observe, titles_of
from probecli.output.report.page import Latency, Page, Vantage
from probecli.output.report.timeline import Timeline, timeline_of

# Percentiles of so many runs spread over a bucket are exact enough for a plot.
RUNS_A_BUCKET = 288
_CHUNK = 500


class _Run(Struct, frozen=True, gc=False):
    id: int
    at_us: int
    scope: int


class _Vantage(Struct, frozen=True):
    """What the tables hold of one vantage: its runs in order, and who took part in which."""

    id: int
    name: str
    runs: Sequence[_Run]
    members: "Mapping[int, array[int]]"


def page_of_history(
    store: Store,
    *,
    now_us: int,
    snapshots: Sequence[Snapshot] = (),
    title: str = "Status",
    days: int = 90,
) -> Page | None:
    """The page of a history up to `now_us`, None when it holds no run by then.

    A snapshot, the newest of its vantage, adds what no history keeps: the gate, attempts and
    phases. Raises HistoryError.
    """
    there = store.read(partial(_vantages, now_us))
    first = min((one.runs[0].at_us for one in there), default=None)
    if first is None:
        return None
    timeline = timeline_of(first, now_us, days)
    ordered = in_order(snapshots)
    newest = newest_of(ordered)
    titles = titles_of(ordered)
    tracks: list[Track] = []
    incidents: list[Incident] = []
    for one in there:
        snapshot = newest.get(one.name)
        followed = store.read(partial(_tracks, one, timeline, snapshot))
        tracks += followed
        incidents += snapshot.incidents if snapshot else _incidents(store, one, followed, now_us)
    rows = [row_of(track, timeline, now_us) for track in tracks]
    return Page(
        title=title,
        as_of=text_of(now_us),
        vantages=tuple(_vantage(one, newest.get(one.name)) for one in there),
        groups=grouped(rows, titles),
        incidents=tuple(incidents),
        past=past_incidents(rows, titles),
        timeline=timeline,
    )


def _vantages(now_us: int, connection: Connection) -> list[_Vantage]:
    named = select(vantages.c.id, vantages.c.name).order_by(vantages.c.name)
    told = [
        _Vantage(number, name, _runs(connection, number, now_us), _members(connection, number))
        for number, name in connection.execute(named).all()
    ]
    return [one for one in told if one.runs]


def _runs(connection: Connection, vantage: int, now_us: int) -> list[_Run]:
    rows = select(runs.c.id, runs.c.at_us, runs.c.scope).where(
        runs.c.vantage == vantage, runs.c.at_us <= now_us
    )
    return [_Run(*row) for row in connection.execute(rows.order_by(runs.c.at_us)).all()]


def _members(connection: Connection, vantage: int) -> "dict[int, array[int]]":
    rows = select(scopes.c.id, scopes.c.members).where(scopes.c.vantage == vantage)
    return {number: members_of(data) for number, data in connection.execute(rows).all()}


def _tracks(
    vantage: _Vantage, timeline: Timeline, snapshot: Snapshot | None, connection: Connection
) -> list[Track]:
    named = select(series.c.id, series.c.name, series.c.grp, series.c.url).where(
        series.c.vantage == vantage.id
    )
    rows = connection.execute(named.order_by(series.c.name)).all()
    stretches = stretches_of(connection, [row[0] for row in rows], timeline.begin_us)
    latencies = _latencies(connection, vantage, timeline)
    rhythm = _rhythms(vantage, timeline.end_us)
    measured = {one.name: one for one in snapshot.targets} if snapshot else {}
    at_us = moment_us(snapshot) if snapshot else 0
    order = {name: place for place, name in enumerate(measured)}
    tracks: list[Track] = []
    for number, name, group, url in sorted(rows, key=lambda row: order.get(row[1], len(order))):
        told = [one for one in stretches[number] if one.first_us <= timeline.end_us]
        if not told:
            continue
        result = measured.get(name)
        if result is not None and at_us > told[-1].last_us:
            observe(told, at_us, result)
        tracks.append(
            Track(
                name=name,
                vantage=vantage.name,
                url=url,
                group=group,
                stretches=told,
                rhythm=_from_begin(rhythm(number), told),
                latency=latencies.get(number, Latency()),
                result=result if result is not None and at_us >= told[-1].last_us else None,
            )
        )
    return tracks


def _rhythms(vantage: _Vantage, end_us: int) -> Callable[[int], tuple[Rhythm, int]]:
    """The rhythm of a series and its first run; series that the same runs observed share it."""
    kept: dict[frozenset[int], tuple[Rhythm, int]] = {}
    within = {scope: frozenset(members) for scope, members in vantage.members.items()}

    def rhythm(number: int) -> tuple[Rhythm, int]:
        key = frozenset(scope for scope, members in within.items() if number in members)
        if key not in kept:
            times = [run.at_us for run in vantage.runs if run.scope in key]
            kept[key] = rhythm_of(times, end_us), times[0] if times else end_us
        return kept[key]

    return rhythm


def _from_begin(kept: tuple[Rhythm, int], stretches: Sequence[Stretch]) -> Rhythm:
    """The rhythm with the time before the first run that was not pruned as a gap."""
    rhythm, first_us = kept
    begin = stretches[0].first_us
    if first_us - begin <= gap_limit_us(rhythm.interval_us):
        return rhythm
    return Rhythm(rhythm.interval_us, [(begin, first_us), *rhythm.missing])


def _latencies(connection: Connection, vantage: _Vantage, timeline: Timeline) -> dict[int, Latency]:
    """The percentiles of every series, bucket by bucket."""
    count = timeline.count
    p50: dict[int, list[float | None]] = {}
    p95: dict[int, list[float | None]] = {}
    for index, chosen in _by_bucket(vantage.runs, timeline).items():
        for number, codes in _codes(connection, chosen, vantage.members).items():
            ordered = sorted(filter(None, codes))
            for series_of, share in ((p50, 0.5), (p95, 0.95)):
                line = series_of.setdefault(number, [None] * count)
                line[index] = samples.percentile(ordered, share)
    return {number: Latency(tuple(p50[number]), tuple(p95[number])) for number in p50}


def _by_bucket(ordered: Iterable[_Run], timeline: Timeline) -> dict[int, list[_Run]]:
    """The runs of each bucket, thinned evenly to those that percentiles need."""
    buckets: dict[int, list[_Run]] = {}
    for run in ordered:
        if (index := timeline.index(run.at_us)) >= 0:
            buckets.setdefault(index, []).append(run)
    return {
        index: found[:: max(1, -(-len(found) // RUNS_A_BUCKET))] for index, found in buckets.items()
    }


def _codes(
    connection: Connection, chosen: Sequence[_Run], members: "Mapping[int, array[int]]"
) -> dict[int, list[int]]:
    """The latency codes of every series in these runs."""
    scope_of = {run.id: run.scope for run in chosen}
    packed: dict[int, list[array[int]]] = {}
    ids = list(scope_of)
    for start in range(0, len(ids), _CHUNK):
        asked = select(runs.c.id, runs.c.total).where(runs.c.id.in_(ids[start : start + _CHUNK]))
        for number, data in connection.execute(asked).all():
            packed.setdefault(scope_of[number], []).append(samples.codes_of(data))
    found: dict[int, list[int]] = {}
    for scope, arrays in packed.items():
        for number, codes in zip(members[scope], zip(*arrays, strict=True), strict=True):
            found.setdefault(number, []).extend(codes)
    return found


def _incidents(
    store: Store, vantage: _Vantage, tracks: Iterable[Track], now_us: int
) -> tuple[Incident, ...]:
    """What is down together now, from the last observations alone."""
    run = Run(id="", vantage=vantage.name, started_at=text_of(now_us), version=__version__)
    memory: Memory = recalled(store, run)
    results = [
        _result(track)
        for track in tracks
        if now_us - track.stretches[-1].last_us <= gap_limit_us(track.rhythm.interval_us)
    ]
    return incidents_of(results, known(memory, store, results, {}))


def _result(track: Track) -> Result:
    """The last observation of a target, as far as a history keeps it."""
    newest = track.stretches[-1]
    return Result(
        name=track.name,
        kind=KIND_BY_SCHEME.get(track.url.partition("://")[0].lower(), "http"),
        url=track.url,
        group=track.group,
        tags=(),
        state=newest.state,
        cause=newest.cause,
        detail=newest.detail,
        flaky=False,
        gated=True,
        started_at=text_of(newest.last_us),
        duration_ms=0.0,
        server=Server("", newest.ip, 0, None) if newest.ip else None,
        http=HttpFacts(method="", status=newest.status) if newest.status else None,
        tls=TlsFacts(not_after=newest.not_after) if newest.not_after else None,
    )


def _vantage(one: _Vantage, snapshot: Snapshot | None) -> Vantage:
    return Vantage(
        name=one.name,
        last_run_at=text_of(one.runs[-1].at_us),
        runs=len(one.runs),
        run=snapshot.run if snapshot else None,
        gate=snapshot.gate if snapshot else None,
    )
