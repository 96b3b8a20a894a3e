"""Snapshots of one round made one: shards into runs, and the runs of several vantages into one."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probecli.model.moment import epoch_s
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.verdict.gate import ExitCode
from probecli.verdict.quorum import Vote, agreed, with_votes_told
from probecli.verdict.shards import MergeError, Part, Whole, best_of, joined, joined_run, part_of


class Merged(Struct, frozen=True, kw_only=True):
    """One run of all that was merged, before the gate and the incidents.

    `evidence` are the same results as `targets` with the detail of the vantage that each was taken
    from. `problems` say what is missing or was cut short, and `codes` are the exit codes that apply
    for it; `notes` say what was taken for what.
    """

    run: Run
    targets: Sequence[Result]
    evidence: Sequence[Result]
    controls: tuple[Result, ...]
    groups: dict[str, str]
    problems: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def merge(
    inputs: Iterable[tuple[str, Snapshot]],
    *,
    quorum: int | None = None,
    vantage: str | None = None,
    max_age_s: float | None = None,
) -> Merged:
    """One run of snapshots, given with the names of their sources, in whichever order.

    Shards of one vantage are joined first, then the vantages vote by `quorum`. `vantage` names
    the whole, otherwise their names joined by +. What began more than `max_age_s` before the newest
    is left out: the run is incomplete then, and its vantage cannot tell.

    Raises:
        MergeError: something is no part of one round, or there are fewer vantages than the quorum.
    """
    parts, notes = _each_once(_parts(inputs))
    parts, old = _recent(parts, max_age_s)
    places, shared = _by_vantage(parts)
    wholes = _joined(places)
    names = [whole.run.vantage for whole in wholes]
    silent = _silent(old, {part.run.vantage for part in parts})
    _must_suffice(quorum, sorted([*names, *silent]))
    targets, evidence = _voted(wholes, silent, quorum)
    problems = [*map(_too_old, old), *(problem for whole in wholes for problem in whole.problems)]
    if len(parts) == parts[0].of == 1 and not old:
        # Nothing was merged: what the run says of itself is enough.
        problems = []
    run = joined_run(
        [whole.run for whole in wholes],
        vantage=vantage or "+".join(names),
        complete=not old and all(whole.run.complete for whole in wholes),
    )
    codes = [code for whole in wholes for code in whole.codes]
    return Merged(
        run=_with_notice(run, problems),
        targets=targets,
        evidence=evidence,
        controls=best_of(whole.controls for whole in wholes),
        groups=_titles(parts),
        problems=tuple(problems),
        codes=(*codes, *([int(ExitCode.INCONCLUSIVE)] if old else [])),
        notes=(*notes, *shared),
    )


def _parts(inputs: Iterable[tuple[str, Snapshot]]) -> list[Part]:
    """In an order that is that of the runs, not of the command line; every mistake at once."""
    parts, mistakes = [], []
    for source, snapshot in inputs:
        try:
            parts.append(part_of(source, snapshot))
        except MergeError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise MergeError("\n".join(mistakes))
    return sorted(parts, key=lambda part: (part.run.vantage, part.index, part.run.id, part.source))


def _each_once(parts: Iterable[Part]) -> tuple[list[Part], list[str]]:
    """The parts without a second copy of the same run."""
    first: dict[tuple[str, str, str | None], Part] = {}
    notes = []
    for part in parts:
        same = first.setdefault((part.run.vantage, part.run.id, part.run.shard), part)
        if same is not part:
            notes.append(f"{part.source} is the same run as {same.source}: it counts once")
    return list(first.values()), notes


def _recent(parts: list[Part], max_age_s: float | None) -> tuple[list[Part], list[Part]]:
    """The parts that are not too old, and the others."""
    newest = max(epoch_s(part.run.started_at) for part in parts)
    oldest_s = -math.inf if max_age_s is None else newest - max_age_s
    kept = [part for part in parts if epoch_s(part.run.started_at) >= oldest_s]
    return kept, [part for part in parts if epoch_s(part.run.started_at) < oldest_s]


def _too_old(part: Part) -> str:
    return (
        f"{part.source} is too old and left out: {part.run.vantage} began at {part.run.started_at}"
    )


def _silent(old: Iterable[Part], reporting: Collection[str]) -> dict[str, set[str]]:
    """The targets of vantages of which nothing but old parts is there."""
    silent: dict[str, set[str]] = {}
    for part in old:
        if part.run.vantage not in reporting:
            names = silent.setdefault(part.run.vantage, set())
            names.update(result.name for result in part.snapshot.targets)
    return silent


def _must_suffice(quorum: int | None, vantages: Sequence[str]) -> None:
    if quorum is not None and quorum > len(vantages):
        raise MergeError(
            f"--quorum {quorum} is more than there are vantages: "
            f"{len(vantages)} ({', '.join(vantages)})"
        )


def _by_vantage(parts: Sequence[Part]) -> tuple[dict[str, list[Part]], list[str]]:
    """The parts by vantage; shards of one list, each from a place of its own, are one run.

    That is what machines with host names of their own make of `--shard`: no target is seen twice.
    """
    places: dict[str, list[Part]] = {}
    for part in parts:
        places.setdefault(part.run.vantage, []).append(part)
    apart: dict[tuple[int, str | None], list[Part]] = {}
    for part in parts:
        if part.of > 1:
            apart.setdefault((part.of, part.run.config_sha256), []).append(part)
    notes = []
    for (count, _), shards in apart.items():
        names = [part.run.vantage for part in shards]
        once = len({part.index for part in shards}) == len(shards)
        if len(shards) < 2 or not once or any(len(places[name]) > 1 for name in names):
            continue
        for name in names:
            del places[name]
        places["+".join(names)] = shards
        notes.append(
            f"{len(shards)} shards of {count} come from as many vantages ({', '.join(names)}): "
            "they are taken as one run; name their vantage alike with check --vantage NAME"
        )
    return places, notes


def _joined(places: dict[str, list[Part]]) -> list[Whole]:
    wholes, mistakes = [], []
    for name in sorted(places):
        try:
            wholes.append(joined(name, places[name]))
        except MergeError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise MergeError("\n".join(mistakes))
    return wholes


def _voted(
    wholes: Sequence[Whole], silent: Mapping[str, Collection[str]], quorum: int | None
) -> tuple[Sequence[Result], Sequence[Result]]:
    """Each target once, in the order of the first vantage that has it: as told, and as evidence."""
    if len(wholes) == 1 and not silent:
        return wholes[0].targets, wholes[0].targets
    ballots: dict[str, list[Vote]] = {}
    for whole in wholes:
        for result in whole.targets:
            vote = Vote(whole.run.vantage, result, result.name in whole.blind)
            ballots.setdefault(result.name, []).append(vote)
    for whole in wholes:
        if whole.has_gaps:
            missed = ballots.keys() - {result.name for result in whole.targets}
            _add_silent(ballots, whole.run.vantage, missed)
    for vantage, names in silent.items():
        _add_silent(ballots, vantage, names)
    evidence = tuple(agreed(votes, quorum) for votes in ballots.values())
    told = tuple(
        with_votes_told(result, votes, quorum)
        for result, votes in zip(evidence, ballots.values(), strict=True)
    )
    return told, evidence


def _add_silent(ballots: dict[str, list[Vote]], vantage: str, names: Iterable[str]) -> None:
    """A vote without a result for what others report and `vantage` ought to."""
    for name in names:
        if name in ballots:
            ballots[name].append(Vote(vantage, None))


def _titles(parts: Iterable[Part]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for part in parts:
        for name, title in part.snapshot.groups.items():
            titles.setdefault(name, title)
    return titles


def _with_notice(run: Run, problems: Sequence[str]) -> Run:
    if not problems:
        return run
    said = f"Incomplete: {'; '.join(problems)}."
    return replace(run, notice=" ".join(filter(None, (said, run.notice))))
