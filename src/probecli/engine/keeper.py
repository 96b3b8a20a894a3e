"""Where the results of a run are kept until its end."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from probecli.model.result import Result


class Keeper(Protocol):
    """Keeps every final result with its target's place in the plan, each once, in any order."""

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""

    def results(self) -> Sequence[Result]:
        """Everything that was kept, in the plan's order."""


class SharedKeeper(Keeper, Protocol):
    """The same for results that workers send."""

    def add_up(self, index: int, group: str | None, data: bytes) -> None:
        """The result of a target of `group` that is up, as the JSON that its worker made of it."""


decode_result = msgspec.json.Decoder(Result).decode
"""The inverse of a worker's encoding."""


class InMemory:
    """Keeps the results as they are."""

    def __init__(self, total: int) -> None:
        self._results: list[Result | None] = [None] * total

    def add(self, index: int, result: Result) -> None:
        """The result of the target at `index`."""
        self._results[index] = result

    def add_up(self, index: int, group: str | None, data: bytes) -> None:
        """The same as a worker's JSON."""
        self._results[index] = decode_result(data)

    def results(self) -> tuple[Result, ...]:
        """Everything that was kept, in the plan's order."""
        return tuple(one for one in self._results if one is not None)
