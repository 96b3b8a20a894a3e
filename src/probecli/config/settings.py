"""What holds for the whole run: the settings that one file gives, and the maintenance windows."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from probecli.config.file import MaintenanceEntry, TargetFile
from probecli.config.mistake import KeyPath, quoted, suggestion
from probecli.config.opened import Opened
from probecli.model.plan import Maintenance

Files = Sequence[tuple[Opened, TargetFile | None]]

_EXAMPLE = "2025-12-23T06:00:00+01:00"


def only_value(files: Files, key: str) -> Any:
    """The one value of a setting for the whole run, None without one; two files may agree on it."""
    value, where = None, None
    for opened, file in files:
        if file is None or key not in opened.tree:
            continue
        given = getattr(file, key)
        if where is None:
            value, where = given, opened
        elif given != value:
            opened.report((key,), f"another {quoted(key)} stands at {where.place_text((key,))}")
    return value


def windows(files: Files, names: Sequence[str], groups: Collection[str]) -> Iterator[Maintenance]:
    """The maintenance windows of all files, with name patterns resolved to the targets' names.

    `groups` are the known ones; when it is empty, any group may be named.
    """
    for opened, file in files:
        for index, entry in enumerate(file.maintenance if file else ()):
            path: KeyPath = ("maintenance", index)
            times = _times(entry, opened, path)
            matched = _matched_names(entry, names, opened, path)
            _check_groups(entry, groups, opened, path)
            if times:
                yield Maintenance(
                    from_s=times[0],
                    until_s=times[1],
                    groups=entry.groups,
                    targets=matched,
                    reason=entry.reason,
                )


def _times(entry: MaintenanceEntry, opened: Opened, path: KeyPath) -> tuple[float, float] | None:
    times = []
    for key, text in (("from", entry.from_time), ("until", entry.until_time)):
        try:
            times.append(_epoch_s(text))
        except ValueError as error:
            opened.report((*path, key), f"{error}, not {quoted(text)}")
    if len(times) < 2:
        return None
    if times[0] >= times[1]:
        opened.report((*path, "until"), "the window ends before it starts")
    return times[0], times[1]


def _epoch_s(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip().replace(" +", "+").replace(" -", "-"))
    except ValueError:
        raise ValueError(f"expected a date and time such as {_EXAMPLE}") from None
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with its zone, such as {_EXAMPLE}")
    try:
        return moment.timestamp()
    except (OverflowError, OSError):
        raise ValueError(f"expected a date and time such as {_EXAMPLE}") from None


def _matched_names(
    entry: MaintenanceEntry, names: Sequence[str], opened: Opened, path: KeyPath
) -> tuple[str, ...]:
    if not entry.groups and not entry.targets:
        opened.report(path, 'names no `groups` and no `targets`; `targets: ["*"]` means all')
    matched: dict[str, None] = {}
    for index, pattern in enumerate(entry.targets):
        found = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
        if not found:
            problem = f"no target is called {quoted(pattern)}{suggestion(pattern, names)}"
            opened.report((*path, "targets", index), problem)
        matched |= dict.fromkeys(found)
    return tuple(matched)


def _check_groups(
    entry: MaintenanceEntry, groups: Collection[str], opened: Opened, path: KeyPath
) -> None:
    for index, group in enumerate(entry.groups):
        if groups and group not in groups:
            hint = suggestion(group, groups)
            problem = f"the group {quoted(group)} is not among `groups`{hint}"
            opened.report((*path, "groups", index), problem)
