"""The shards of one vantage, joined into the run that they are parts of."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probecli import __version__
from probecli.model.moment import epoch_s
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot, worst_lag
from probecli.verdict.controls import all_fail, control_fails
from probecli.verdict.gate import ExitCode

_ENDED = {
    ExitCode.DEADLINE: "was ended by its deadline",
    ExitCode.INTERRUPTED: "was interrupted",
    ExitCode.TERMINATED: "was terminated",
    ExitCode.BUG: "met a fault in probecli itself",
}
_CONFIG_DIGITS = 12


class MergeError(ValueError):
    """Snapshots that cannot be merged; the text says which, why and what to do."""


class Part(Struct, frozen=True):
    """A snapshot, whence it came, and which part of its run it is: number `index` of `of`."""

    source: str
    snapshot: Snapshot
    index: int
    of: int

    @property
    def run(self) -> Run:
        """The run of this part."""
        return self.snapshot.run


class Whole(Struct, frozen=True, kw_only=True):
    """What one vantage saw in one run.

    `blind` are targets that were probed where all controls failed; `has_gaps` when a shard is
    missing. `problems` say what is missing or was cut short; `codes` are exit codes besides the
    gate's that apply for it.
    """

    run: Run
    targets: Sequence[Result]
    controls: tuple[Result, ...]
    blind: frozenset[str] = frozenset()
    has_gaps: bool = False
    problems: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()


def part_of(source: str, snapshot: Snapshot) -> Part:
    """Which part of its run a snapshot is; one that is no shard is part 1 of 1.

    Raises:
        MergeError: its shard or one of its times cannot be understood.
    """
    shard = snapshot.run.shard
    found = re.fullmatch(r"([1-9]\d{0,8})/([1-9]\d{0,8})", shard or "1/1", re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise MergeError(f"{source}: run.shard {shard!r} is no part of a whole, like 1/3")
    run = snapshot.run
    times = [run.started_at, run.finished_at]
    times += (time for one in snapshot.targets for time in (one.since, one.last_ok))
    for time in times:
        try:
            if time is not None:
                epoch_s(time)
        except ValueError:
            raise MergeError(f"{source}: {time!r} is no time like 2025-12-22T06:10:00Z") from None
    return Part(source, snapshot, int(found[1]), int(found[2]))


def joined(vantage: str, parts: Iterable[Part]) -> Whole:
    """The run of `vantage`: the targets of shard 1 first, each in the order of the target file.

    Of a shard that is there twice the newest is taken. A missing or doubled shard leaves the run
    incomplete.

    Raises:
        MergeError: the parts are not of one run.
    """
    ordered = sorted(
        parts, key=lambda part: (part.index, epoch_s(part.run.started_at), part.run.id)
    )
    _must_belong_together(vantage, ordered)
    if len(ordered) == ordered[0].of == 1:
        return _alone(ordered[0])
    chosen = {part.index: part for part in ordered}
    count = ordered[0].of
    gaps = [
        *_missing(vantage, [index for index in range(1, count + 1) if index not in chosen], count),
        *_doubled(vantage, ordered),
    ]
    whole = tuple(chosen.values())
    told = [problem for part in whole if (problem := _problem(part))]
    run = joined_run(
        [part.run for part in whole],
        vantage=vantage,
        complete=not gaps and all(part.run.complete for part in whole),
    )
    return Whole(
        run=run,
        targets=tuple(result for part in whole for result in part.snapshot.targets),
        controls=best_of(part.snapshot.controls for part in whole),
        blind=frozenset().union(*map(_blind, whole)),
        has_gaps=len(whole) < count,
        problems=(*gaps, *told),
        codes=(
            *([int(ExitCode.INCONCLUSIVE)] if gaps else []),
            *(code for part in whole for code in _codes(part)),
        ),
    )


def joined_run(runs: Sequence[Run], *, vantage: str, complete: bool) -> Run:
    """Several runs as one: from the earliest start to the latest end, as exact as the worst.

    What they do not have in common is None; its id sorts by time and is the same for the same runs.
    """
    if len(runs) == 1 and runs[0].shard in (None, "1/1"):
        return replace(runs[0], vantage=vantage, complete=complete)
    started_at = min((run.started_at for run in runs), key=epoch_s)
    ends = [run.finished_at for run in runs if run.finished_at is not None]
    finished_at = max(ends, key=epoch_s) if len(ends) == len(runs) else None
    configs = {run.config_sha256 for run in runs}
    versions = {run.version for run in runs}
    return Run(
        id=_id(started_at, (run.id for run in runs)),
        vantage=vantage,
        started_at=started_at,
        finished_at=finished_at,
        duration_ms=_duration_ms(runs, started_at, finished_at),
        complete=complete,
        config_sha256=configs.pop() if len(configs) == 1 else None,
        version=versions.pop() if len(versions) == 1 else __version__,
        clock="kernel" if all(run.clock == "kernel" for run in runs) else "loop",
        loop_lag_ms=worst_lag([run.loop_lag_ms for run in runs if run.loop_lag_ms is not None]),
        notice=_notice(runs),
    )


def best_of(controls: Iterable[Iterable[Result]]) -> tuple[Result, ...]:
    """Each control once, as where it answered: one place with a network is enough to say so."""
    best: dict[str, Result] = {}
    for one in (result for each in controls for result in each):
        if one.name not in best or (control_fails(best[one.name]) and not control_fails(one)):
            best[one.name] = one
    return tuple(best.values())


def _alone(part: Part) -> Whole:
    return Whole(
        run=part.run,
        targets=part.snapshot.targets,
        controls=part.snapshot.controls,
        blind=_blind(part),
        problems=(problem,) if (problem := _problem(part)) else (),
        codes=_codes(part),
    )


def _must_belong_together(vantage: str, parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        two = f"{first.source} and {part.source}"
        if part.of == first.of == 1:
            raise MergeError(
                f"{two} are two runs from vantage {vantage}, of {first.run.started_at} and "
                f"{part.run.started_at}: leave one out; for runs over time there are "
                "probecli diff, report and history import"
            )
        if part.of != first.of:
            raise MergeError(
                f"{two}, both from vantage {vantage}, are {_part_words(first)} and "
                f"{_part_words(part)}: they are not of one run"
            )
        if part.run.config_sha256 != first.run.config_sha256:
            raise MergeError(
                f"{two} are shards of different target files (config_sha256 "
                f"{_config_words(first)} and {_config_words(part)}): "
                "run all shards anew with the same files"
            )


def _part_words(part: Part) -> str:
    return f"shard {part.index}/{part.of}" if part.of > 1 else "a whole run"


def _config_words(part: Part) -> str:
    return (part.run.config_sha256 or "none")[:_CONFIG_DIGITS]


def _missing(vantage: str, indexes: Sequence[int], count: int) -> list[str]:
    if not indexes:
        return []
    listed = ", ".join(f"{index}/{count}" for index in indexes[:5])
    more = f" and {len(indexes) - 5} more" if len(indexes) > 5 else ""
    noun = "shard" if len(indexes) == 1 else "shards"
    verb = "is" if len(indexes) == 1 else "are"
    return [f"{noun} {listed}{more} of {vantage} {verb} missing"]


def _doubled(vantage: str, parts: Sequence[Part]) -> list[str]:
    by_index: dict[int, list[Part]] = {}
    for part in parts:
        by_index.setdefault(part.index, []).append(part)
    return [
        f"shard {index}/{same[-1].of} of {vantage} is there {len(same)} times: "
        f"the newest is taken, of {same[-1].run.started_at}"
        for index, same in by_index.items()
        if len(same) > 1
    ]


def _problem(part: Part) -> str | None:
    code = part.snapshot.gate.exit_code
    if part.run.complete and code != ExitCode.BUG:
        return None
    place = f"{_part_words(part)} of " if part.of > 1 else ""
    return f"{place}{part.run.vantage} {_ENDED.get(code, 'was cut short')}"  # type: ignore[call-overload]


def _codes(part: Part) -> tuple[int, ...]:
    """The code of a run that did not end in order; it is inconclusive where none is known."""
    code = part.snapshot.gate.exit_code
    if part.run.complete:
        return (code,) if code == ExitCode.BUG else ()
    return (code if code in _ENDED else int(ExitCode.INCONCLUSIVE),)


def _blind(part: Part) -> frozenset[str]:
    if not all_fail(part.snapshot.controls):
        return frozenset()
    return frozenset(result.name for result in part.snapshot.targets)


def _id(started_at: str, ids: Iterable[str]) -> str:
    from hashlib import sha256

    stamp = re.sub(r"[-:.]", "", started_at)
    return f"{stamp}-{sha256(chr(0).join(sorted(ids)).encode()).hexdigest()[:8]}"


def _duration_ms(runs: Sequence[Run], started_at: str, finished_at: str | None) -> float | None:
    if len(runs) == 1:
        return runs[0].duration_ms
    if finished_at is None:
        return None
    return round((epoch_s(finished_at) - epoch_s(started_at)) * 1000, 3)


def _notice(runs: Sequence[Run]) -> str | None:
    """Every notice once, with the runs that say it where not all do."""
    places: dict[str, list[str]] = {}
    for run in runs:
        if run.notice:
            place = f"shard {run.shard} of {run.vantage}" if run.shard else run.vantage
            places.setdefault(run.notice, []).append(place)
    return (
        " ".join(
            notice if len(names) == len(runs) else f"{', '.join(names)}: {notice}"
            for notice, names in places.items()
        )
        or None
    )
