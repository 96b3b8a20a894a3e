"""The page from snapshots: the newest of each vantage is now, the others are the time before."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from msgspec.structs import replace

from probecli.history.incidents import NOTHING, incidents_of
from probecli.history.moment import run_micros, text_of
from probecli.history.stretches import Stretch, appended, is_observation, seen_in
from probecli.model.result import Result
from probecli.model.snapshot import Incident, Snapshot
from probecli.output.report.build import Track, grouped, past_incidents, rhythm_of, row_of
from probecli.output.report.page import Latency, Page, Vantage
from probecli.output.report.timeline import Timeline, timeline_of

Key = tuple[str, str]
Observation = tuple[int, Result]


def moment_us(snapshot: Snapshot) -> int:
    """When a snapshot observed."""
    return run_micros(snapshot.run.started_at, snapshot.run.id)


def in_order(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """The snapshots by time; the same run given twice counts once."""
    unique = {(one.run.vantage, moment_us(one)): one for one in snapshots}
    return sorted(unique.values(), key=moment_us)


def newest_of(ordered: Iterable[Snapshot]) -> dict[str, Snapshot]:
    """The last snapshot of each vantage, of snapshots by time."""
    return {one.run.vantage: one for one in ordered}


def titles_of(snapshots: Iterable[Snapshot]) -> dict[str, str]:
    """The titles of groups as the newest snapshots tell them, of snapshots by time."""
    return {name: title for one in snapshots for name, title in one.groups.items()}


def page_of_snapshots(
    snapshots: Sequence[Snapshot], *, title: str = "Status", days: int = 90
) -> Page:
    """The page of one or more snapshots; now is when the newest of them observed.

    One snapshot is a moment: there are no bars then. `days` is how far back bars reach at most.
    """
    ordered = in_order(snapshots)
    end = moment_us(ordered[-1])
    newest = newest_of(ordered)
    times: dict[str, list[int]] = {}
    for one in ordered:
        times.setdefault(one.run.vantage, []).append(moment_us(one))
    several = len(ordered) > len(newest)
    timeline = timeline_of(moment_us(ordered[0]), end, days) if several else None
    tracks = _tracks(ordered, newest, timeline, end)
    rows = [row_of(track, timeline, end) for track in tracks]
    titles = titles_of(ordered)
    return Page(
        title=title,
        as_of=text_of(end),
        vantages=tuple(
            Vantage(
                name=name,
                last_run_at=one.run.started_at,
                runs=len(times[name]),
                run=one.run,
                gate=one.gate,
            )
            for name, one in newest.items()
        ),
        groups=grouped(rows, titles),
        incidents=current_incidents(newest.values()),
        past=past_incidents(rows, titles),
        timeline=timeline,
    )


def current_incidents(newest: Iterable[Snapshot]) -> tuple[Incident, ...]:
    """What is down together in the newest snapshot of each vantage."""
    return tuple(
        incident
        for snapshot in newest
        for incident in snapshot.incidents
        or incidents_of(snapshot.targets, replace(NOTHING, titles=snapshot.groups))
    )


def _tracks(
    ordered: Sequence[Snapshot],
    newest: Mapping[str, Snapshot],
    timeline: Timeline | None,
    end_us: int,
) -> list[Track]:
    seen: dict[Key, list[Observation]] = {}
    # The newest run's order is the target file's; what only older runs had comes after.
    for snapshot in newest.values():
        for result in snapshot.targets:
            seen[snapshot.run.vantage, result.name] = []
    for snapshot in ordered:
        at = moment_us(snapshot)
        for result in snapshot.targets:
            seen.setdefault((snapshot.run.vantage, result.name), []).append((at, result))
    return [
        _track(vantage, observations, newest[vantage], timeline, end_us)
        for (vantage, _), observations in seen.items()
    ]


def _track(
    vantage: str,
    observations: Sequence[Observation],
    newest: Snapshot,
    timeline: Timeline | None,
    end_us: int,
) -> Track:
    last_at, last = observations[-1]
    # A target that was interrupted each time is shown all the same, as what its run says of it.
    counted = [one for one in observations if is_observation(one[1])] or observations[-1:]
    stretches: list[Stretch] = []
    for at, result in counted:
        observe(stretches, at, result)
    is_current = last_at == moment_us(newest) and is_observation(last)
    return Track(
        name=last.name,
        vantage=vantage,
        url=last.url,
        group=last.group,
        stretches=stretches,
        rhythm=rhythm_of([at for at, _ in counted], end_us),
        latency=_latency(counted, timeline) if timeline else Latency(),
        result=last if is_current or len(observations) == 1 else None,
    )


def observe(stretches: list[Stretch], at_us: int, result: Result) -> None:
    """Append one observation, later than all others, to the stretches of its target."""
    newest = stretches[-1] if stretches else None
    stretch = appended(newest, seen_in(result, at_us))
    if newest is not None and stretch.first_us == newest.first_us:
        stretches.pop()
    stretches.append(stretch)


def _latency(observations: Iterable[Observation], timeline: Timeline) -> Latency:
    buckets: list[list[float]] = [[] for _ in range(timeline.count)]
    for at, result in observations:
        total = result.timings_ms.total
        index = timeline.index(at)
        if total is not None and index >= 0 and result.state in ("up", "degraded"):
            buckets[index].append(total)
    ordered = [sorted(bucket) for bucket in buckets]
    return Latency(
        p50=tuple(_rank(bucket, 0.5) for bucket in ordered),
        p95=tuple(_rank(bucket, 0.95) for bucket in ordered),
    )


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the sorted values do not exceed, as a history ranks codes."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
