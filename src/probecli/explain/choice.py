"""Which target a word on the command line means."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from probecli.model.target import Target

_SUGGESTED = 3


def chosen(asked: str, targets: Sequence[Target]) -> tuple[Target, ...]:
    """The targets that `asked` fits: by name, URL, glob, beginning; the first way that fits any.

    Several URLs may be the same; names are unique.
    """
    folded = asked.lower()
    ways = (
        lambda one: one.name == asked,
        lambda one: one.url in (asked, f"{asked}/"),
        lambda one: fnmatchcase(one.name, asked),
        lambda one: one.name.lower().startswith(folded),
    )
    for fits in ways:
        found = tuple(filter(fits, targets))
        if found:
            return found
    return ()


def suggestions(asked: str, targets: Sequence[Target]) -> tuple[str, ...]:
    """Names that may have been meant: those that look alike, or hold `asked` somewhere."""
    names = {one.name.lower(): one.name for one in targets}
    near = get_close_matches(asked.lower(), names, n=_SUGGESTED, cutoff=0.6)
    holding = [name for name in names if asked.lower() in name and name not in near]
    return tuple(names[name] for name in [*near, *holding][:_SUGGESTED])
