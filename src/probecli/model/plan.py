"""What a target file asks for as a whole."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from probecli.model.target import Target

FailOn = Literal["down", "degraded", "unknown", "never"]


class GateRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rule that turns a snapshot into an exit code.

    `fail_on` is cumulative: `degraded` also fails on down, `unknown` on all three.
    `max_failures` is a number of targets, or a percentage of the gated ones.
    """

    fail_on: FailOn = "down"
    max_failures: (
        Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^\d+(\.\d+)?%$|^\d+$")]
    ) = 0


class Group(Struct, frozen=True, kw_only=True):
    """Targets that belong together, with the title shown for them and a gate of their own."""

    name: str
    title: str
    gate: GateRule | None = None


class Maintenance(Struct, frozen=True, kw_only=True):
    """A window in which the named targets and groups are measured and not gated (epoch seconds)."""

    from_s: float
    until_s: float
    groups: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    reason: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """Targets, controls, groups and rules of one run, as loaded from files and arguments."""

    targets: tuple[Target, ...]
    controls: tuple[Target, ...] = ()
    groups: tuple[Group, ...] = ()
    gate: GateRule = GateRule()
    maintenance: tuple[Maintenance, ...] = ()
    vantage: str | None = None
    history: str | None = None
    config_sha256: str | None = None
