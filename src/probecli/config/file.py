"""What stands in a target file around the targets."""

from typing import Any, Literal

from msgspec import Struct, field

from probecli.model.plan import GateRule

FREE_PREFIX = "x-"


class GroupEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group: its title, fields that all of its targets share, and a gate of its own."""

    title: str | None = None
    defaults: dict[str, Any] | None = None
    gate: GateRule | None = None


class MaintenanceEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A window in which some targets and groups are measured and not gated."""

    from_time: str = field(name="from")
    until_time: str = field(name="until")
    groups: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    reason: str = ""


class TargetFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The top level of a target file; keys that start with `x-` are free, for anchors."""

    version: Literal[1] = 1
    vantage: str | None = None
    history: str | None = None
    defaults: dict[str, Any] = {}
    controls: tuple[Any, ...] = ()
    groups: dict[str, GroupEntry | None] = {}
    gate: GateRule = GateRule()
    maintenance: tuple[MaintenanceEntry, ...] = ()
    targets: tuple[Any, ...] = ()
