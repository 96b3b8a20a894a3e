"""One timer for all deadlines: never early, hardly late, and silent once lifted."""

import asyncio

from engine.virtual import run_virtually
from probecli.probe.wire.deadlines import Deadlines


class Owner:
    def __init__(self, deadlines: Deadlines, called: list["Owner"]) -> None:
        self._loop = asyncio.get_running_loop()
        self._called = called
        self._begun = self._loop.time()
        self._deadlines = deadlines
        self.again_s: float | None = None
        self.after_s = 0.0

    def time_is_up(self) -> None:
        self.after_s = self._loop.time() - self._begun
        self._called.append(self)
        if self.again_s is not None:
            self._deadlines.set(self, self.again_s)
            self.again_s = None


async def until(called: list[Owner], count: int) -> None:
    async with asyncio.timeout(10):
        while len(called) < count:
            await asyncio.sleep(0.001)


def test_deadlines_come_in_their_order_and_never_early() -> None:
    async def main() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        called: list[Owner] = []
        bounds = (0.09, 0.03, 0.06, 0.03)
        owners = [Owner(deadlines, called) for _ in bounds]
        for owner, bound in zip(owners, bounds, strict=True):
            deadlines.set(owner, bound)
        await until(called, len(bounds))
        assert called[2:] == [owners[2], owners[0]]
        assert all(one.after_s >= bound for one, bound in zip(owners, bounds, strict=True))
        deadlines.close()

    asyncio.run(main())


def test_a_lifted_deadline_is_not_heard_of() -> None:
    async def main() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        called: list[Owner] = []
        lifted, kept = Owner(deadlines, called), Owner(deadlines, called)
        step = deadlines.set(lifted, 0.01)
        deadlines.set(kept, 0.03)
        deadlines.lift(lifted, step)
        await until(called, 1)
        assert called == [kept]
        deadlines.close()

    asyncio.run(main())


def test_a_deadline_set_while_another_passes_delays_none() -> None:
    async def main() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        called: list[Owner] = []
        first, second = Owner(deadlines, called), Owner(deadlines, called)
        first.again_s = 0.3
        deadlines.set(first, 0.01)
        deadlines.set(second, 0.05)
        await until(called, 3)
        assert called == [first, second, first]
        deadlines.close()

    asyncio.run(main())


def test_a_deadline_set_when_one_is_due_is_not_due_at_once() -> None:
    async def main() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        called: list[Owner] = []
        owner = Owner(deadlines, called)
        owner.again_s = 0.2
        deadlines.set(owner, 0.01)
        await until(called, 2)
        assert called == [owner, owner]
        assert owner.after_s >= 0.2
        deadlines.close()

    asyncio.run(main())


def test_what_one_owner_raises_costs_no_other_its_time() -> None:
    class Broken:
        def time_is_up(self) -> None:
            raise ZeroDivisionError

    async def main() -> None:
        loop = asyncio.get_running_loop()
        raised: list[object] = []
        loop.set_exception_handler(lambda _, context: raised.append(context["exception"]))
        deadlines = Deadlines(loop)
        called: list[Owner] = []
        together, later = Owner(deadlines, called), Owner(deadlines, called)
        steps = {deadlines.set(one, 0.02) for one in (Broken(), Broken(), together)}
        assert len(steps) == 1
        deadlines.set(later, 0.05)
        await until(called, 2)
        assert called == [together, later]
        assert [type(error) for error in raised] == [ZeroDivisionError] * 2
        deadlines.close()

    run_virtually(main())
