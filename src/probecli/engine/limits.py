"""How much at once, and for how long."""

from msgspec import Struct

from probecli.engine.descriptors import bounded_in_flight, raised_limit

MOST_IN_FLIGHT = 1024
LEAST_IN_FLIGHT = 64
DEFAULT_PER_HOST = 6


class Limits(Struct, frozen=True, kw_only=True):
    """How much at once, and for how long at most (seconds).

    `in_flight` is never exceeded; with `least_in_flight` the number moves between the two, as the
    event loop keeps up.
    """

    in_flight: int = MOST_IN_FLIGHT
    least_in_flight: int | None = None
    per_host: int = DEFAULT_PER_HOST
    deadline_s: float | None = None


def granted(in_flight: int | None, per_host: int | None, deadline_s: float | None = None) -> Limits:
    """The limits asked for, None where nobody did, within the descriptors that the system grants.

    Raises this process's soft limit of descriptors to the hard one.
    """
    most = bounded_in_flight(in_flight or MOST_IN_FLIGHT, raised_limit())
    return Limits(
        in_flight=most,
        least_in_flight=min(most, LEAST_IN_FLIGHT) if in_flight is None else None,
        per_host=per_host or DEFAULT_PER_HOST,
        deadline_s=deadline_s,
    )
