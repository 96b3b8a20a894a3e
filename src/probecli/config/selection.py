"""Which targets of a plan a run takes, and what the command line changes in them."""

from collections.abc import Collection
from fnmatch import fnmatchcase
from functools import cache

from msgspec.structs import replace

from probecli.model.plan import Plan
from probecli.model.target import Retry, Seconds, Target


def select(
    plan: Plan,
    *,
    groups: Collection[str] = (),
    tags: Collection[str] = (),
    names: Collection[str] = (),
) -> Plan:
    """The plan with the enabled targets that fit: any value of an option, and every option given.

    `names` are globs, case-sensitive; a name itself fits too, whatever characters it has.
    """

    def fits(target: Target) -> bool:
        return (
            target.enabled
            and (not groups or target.group in groups)
            and (not tags or not set(tags).isdisjoint(target.tags))
            and (not names or any(_is_called(target.name, name) for name in names))
        )

    return replace(
        plan,
        targets=tuple(filter(fits, plan.targets)),
        controls=tuple(control for control in plan.controls if control.enabled),
    )


def override(plan: Plan, *, timeout_s: float | None = None, retries: int | None = None) -> Plan:
    """The plan with the command line's word on every target and control.

    `retries` counts what comes after the first attempt.
    """
    if timeout_s is None and retries is None:
        return plan

    seconds = None if timeout_s is None else Seconds(timeout_s)

    # Targets share what is alike in them: a list may be a million long.
    @cache
    def repeated(retry: Retry, attempts: int) -> Retry:
        return replace(retry, attempts=attempts)

    def changed(target: Target) -> Target:
        if seconds is not None:
            target = replace(target, timeout_s=seconds)
        if retries is not None:
            target = replace(target, retry=repeated(target.retry, retries + 1))
        return target

    return replace(
        plan,
        targets=tuple(map(changed, plan.targets)),
        controls=tuple(map(changed, plan.controls)),
    )


def _is_called(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
