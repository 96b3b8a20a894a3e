"""The results of a run as they come in: which are final, and which only its end can settle."""

from collections.abc import Callable, Collection
from typing import Protocol

from probecli.engine.blame import may_change, notice, reassessed
from probecli.engine.keeper import Keeper, decode_result
from probecli.model.plan import Plan
from probecli.model.result import Result
from probecli.verdict.controls import control_fails
from probecli.verdict.gate import Gates


class Taker(Protocol):
    """Takes every result once, in any order."""

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""

    def add_control(self, index: int, result: Result) -> None:
        """The result of the control at `index`."""


class Ledger:
    """Takes every result once, in any order, and passes each on as soon as nothing changes it.

    `on_result`, where anyone is to know, and `keeper` get targets' results in the order in which
    they become final; the ledger itself holds only those that are not final yet, and counts the
    others.
    """

    def __init__(
        self, plan: Plan, on_result: Callable[[Result], None] | None, keeper: Keeper
    ) -> None:
        self._plan = plan
        self._on_result = on_result
        self._keeper = keeper
        self._has_result = bytearray(len(plan.targets))
        self._controls: list[Result | None] = [None] * len(plan.controls)
        self._controls_left = len(plan.controls)
        # Whether network failures can no longer be blamed on this prober's own network.
        self._cleared = not plan.controls
        self._held: dict[int, Result] = {}
        self.gates = Gates(plan)

    @property
    def controls(self) -> tuple[Result, ...]:
        """The controls' results so far, in the plan's order."""
        return tuple(one for one in self._controls if one is not None)

    def missing(self) -> list[int]:
        """The targets without a result."""
        return [index for index, has_one in enumerate(self._has_result) if not has_one]

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""
        self._has_result[index] = True
        if result.cause is not None and may_change(result, has_controls=not self._cleared):
            self._held[index] = result
        else:
            self._finish(index, result)

    def add_up(self, index: int, group: str | None, data: bytes, *, gated: bool) -> None:
        """The result of a target that is up, as a worker's JSON, which its caller keeps.

        Nothing can change it any more.
        """
        self._has_result[index] = True
        self.gates.count("up", group, gated=gated)
        if self._on_result is not None:
            self._on_result(decode_result(data))

    def add_control(self, index: int, result: Result) -> None:
        """The result of the control at `index`: the first that answers clears the network."""
        self._controls[index] = result
        self._controls_left -= 1
        if not self._cleared and not control_fails(result):
            self._cleared = True
            held, self._held = self._held, {}
            for place, each in held.items():
                self.add(place, each)

    def settle(self, answered: Collection[str | None]) -> str | None:
        """Ends the run: what was held gets its last word; returns the run's notice.

        `answered` are the resolvers that answered for any name.
        """
        controls_failed = not self._cleared and not self._controls_left
        held, self._held = self._held, {}
        for index, result in held.items():
            settled = reassessed(
                result,
                controls_failed=controls_failed,
                resolver_answered=self._plan.targets[index].resolver in answered,
            )
            self._finish(index, settled)
        return notice(len(self._controls)) if controls_failed else None

    def _finish(self, index: int, result: Result) -> None:
        self.gates.add(result)
        self._keeper.add(index, result)
        if self._on_result is not None:
            self._on_result(result)
