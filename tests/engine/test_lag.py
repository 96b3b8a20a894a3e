"""How late the event loop was, as a snapshot says it."""

import asyncio

from engine.virtual import VirtualLoop
from probecli.engine.lag import LagSampler
from probecli.model.snapshot import LoopLag


class _Busy(VirtualLoop):
    """A loop that can be blocked in no time."""

    blocked_s = 0.0

    def time(self) -> float:
        return super().time() + self.blocked_s


def heard(*blocked_s: float, punctual_s: float = 0.0) -> tuple[LoopLag | None, list[float]]:
    """The lag of a run that is blocked so long, time after time, and punctual at its end."""
    told: list[float] = []

    async def main() -> LoopLag | None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Busy)
        sampler = LagSampler(loop, told.append)
        sampler.start()
        for seconds in blocked_s:
            await asyncio.sleep(0.02)
            loop.blocked_s += seconds
        await asyncio.sleep(punctual_s)
        return sampler.stop()

    with asyncio.Runner(loop_factory=_Busy) as runner:
        return runner.run(main()), told


def test_a_punctual_loop_is_not_late() -> None:
    lag, told = heard(punctual_s=1)
    assert lag is not None
    assert lag.max < 1
    assert len(told) >= 40


def test_a_loop_that_is_blocked_until_the_end_was_late() -> None:
    lag, _ = heard(0, 0, 2.0)
    assert lag is not None
    assert 1900 < lag.max <= 2000


def test_a_run_that_was_blocked_all_along_was_late() -> None:
    async def main() -> LoopLag | None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Busy)
        sampler = LagSampler(loop, lambda _: None)
        sampler.start()
        loop.blocked_s = 0.5
        return sampler.stop()

    with asyncio.Runner(loop_factory=_Busy) as runner:
        lag = runner.run(main())
    assert lag == LoopLag(p50=480.0, p99=480.0, max=480.0)


def test_a_late_moment_is_not_forgotten_however_long_the_run_is() -> None:
    lag, told = heard(3.0, punctual_s=600)
    assert len(told) > 20_000
    assert lag is not None
    assert lag.p99 < 1
    assert 2900 < lag.max <= 3000
