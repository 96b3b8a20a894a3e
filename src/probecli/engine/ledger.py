"""The results of a run as they come in: which are final, and which only its end can settle."""

from collections.abc import Callable, Collection

from probecli.engine.blame import control_fails, may_change, notice, reassessed
from probecli.model.plan import Plan
from probecli.model.result import Result


class Ledger:
    """Takes every result once, in any order, and passes each on as soon as nothing changes it.

    `on_result` gets targets' results in the order in which they become final.
    """

    def __init__(self, plan: Plan, on_result: Callable[[Result], None]) -> None:
        self._plan = plan
        self._on_result = on_result
        self._results: list[Result | None] = [None] * len(plan.targets)
        self._controls: list[Result | None] = [None] * len(plan.controls)
        self._controls_left = len(plan.controls)
        # Whether network failures can no longer be blamed on this prober's own network.
        self._cleared = not plan.controls
        self._held: list[int] = []

    @property
    def results(self) -> tuple[Result, ...]:
        """The targets' results so far, in the plan's order."""
        return tuple(one for one in self._results if one is not None)

    @property
    def controls(self) -> tuple[Result, ...]:
        """The controls' results so far, in the plan's order."""
        return tuple(one for one in self._controls if one is not None)

    def missing(self) -> list[int]:
        """The targets without a result."""
        return [index for index, one in enumerate(self._results) if one is None]

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""
        self._results[index] = result
        if may_change(result, has_controls=not self._cleared):
            self._held.append(index)
        else:
            self._on_result(result)

    def add_control(self, index: int, result: Result) -> None:
        """The result of the control at `index`: the first that answers clears the network."""
        self._controls[index] = result
        self._controls_left -= 1
        if not self._cleared and not control_fails(result):
            self._cleared = True
            held, self._held = self._held, []
            for each in held:
                self.add(each, self._at(each))

    def settle(self, answered: Collection[str | None]) -> str | None:
        """Ends the run: what was held gets its last word; returns the run's notice.

        `answered` are the resolvers that answered for any name.
        """
        controls_failed = not self._cleared and not self._controls_left
        held, self._held = self._held, []
        for index in held:
            settled = reassessed(
                self._at(index),
                controls_failed=controls_failed,
                resolver_answered=self._plan.targets[index].resolver in answered,
            )
            self._results[index] = settled
            self._on_result(settled)
        return notice(len(self._controls)) if controls_failed else None

    def _at(self, index: int) -> Result:
        result = self._results[index]
        assert result is not None
        return result
