"""How many probes may be in flight now: as many as the event loop serves in time.

A late loop makes timings by its own clock late too, and may see an answer after its deadline; a
punctual one leaves places for targets that only wait.
"""

from probecli.engine.limits import Limits
from probecli.model.snapshot import Clock

_START = 256
# Milliseconds of the loop do not touch what the kernel stamps; without its stamps they are the
# error of the measurement.
_TOLERATED_S: dict[Clock, float] = {"kernel": 0.010, "loop": 0.003}
# What was begun before a cut is still served: its effect shows some samples later.
_SAMPLES_AFTER_A_CUT = 3


class Pace:
    """Up by a quarter while the loop is punctual, down by a quarter at once when it is late."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._most = limits.in_flight
        self._least = self._most
        if limits.least_in_flight is not None:
            self._least = min(self._most, limits.least_in_flight)
        self._tolerated_s = _TOLERATED_S[clock]
        self._deaf = 0
        self.in_flight = self._most if self._least == self._most else min(self._most, _START)

    def heard(self, lag_s: float) -> None:
        """A sample of how late the loop was."""
        if self._deaf:
            self._deaf -= 1
        elif lag_s > self._tolerated_s:
            self.in_flight = max(self._least, self.in_flight * 3 // 4)
            self._deaf = _SAMPLES_AFTER_A_CUT
        elif lag_s < self._tolerated_s / 2:
            self.in_flight = min(self._most, self.in_flight * 5 // 4 + 1)
