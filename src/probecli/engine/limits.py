"""How much at once, and for how long."""

from msgspec import Struct

# Measured with one fresh connection a target: throughput is flat from some 100 in flight on, and
# kernel receive times keep the timings exact; the rest is head-room for targets that only wait.
DEFAULT_IN_FLIGHT = 512
DEFAULT_PER_HOST = 6


class Limits(Struct, frozen=True, kw_only=True):
    """How much at once, and for how long at most (seconds)."""

    in_flight: int = DEFAULT_IN_FLIGHT
    per_host: int = DEFAULT_PER_HOST
    deadline_s: float | None = None
