"""When things happened on one connection, and how much of its time this program took."""

from time import perf_counter

from probecli.probe.wire.outbox import Outbox


class Timed:
    """The moments of an exchange, on the loop's clock (s) and, where it tells, the kernel's (ns).

    0 stands for a moment that has not come. What went by because this program was late (an event
    heard after it happened, a handshake that waited for its turn) is the target's in no way: it is
    in no phase, no total, and no bound. `queued_at` and `waited_s` are those of `Shaking`.
    """

    __slots__ = (
        "_complete_s",
        "_connect_s",
        "_first_at",
        "_first_ns",
        "_last_at",
        "_last_ns",
        "_late_s",
        "_started_at",
        "_tls_s",
        "queued_at",
        "waited_s",
    )

    def __init__(self) -> None:
        self._connect_s: float | None = None
        self._tls_s: float | None = None
        # The target's own time when nothing was left to say, and only a refusal to be heard.
        self._complete_s: float | None = None
        self._started_at = self._first_at = self._last_at = 0.0
        self._first_ns = self._last_ns = 0
        self._late_s = self.queued_at = self.waited_s = 0.0

    def _spent_s(self) -> float:
        """The target's own time so far."""
        now = perf_counter()
        waiting = now - self.queued_at if self.queued_at else 0.0
        return now - self._started_at - self._late_s - self.waited_s - waiting

    def _stands(self, seconds: float) -> None:
        """The connection stands, and took so long."""
        self._connect_s = seconds
        self._late_s = perf_counter() - self._started_at - seconds

    def _is_secure(self, seconds: float) -> None:
        """The handshake is complete, and took so long."""
        assert self._connect_s is not None
        self._tls_s = seconds
        self._late_s = perf_counter() - self._started_at - self._connect_s - seconds
        self.queued_at = self.waited_s = 0.0

    def _answered_s(self, outbox: Outbox) -> tuple[float, float, float]:
        """How long the answer was awaited, how long it took to arrive, and all until its end.

        An answer ends when its last byte arrives, and not when that is read.
        """
        wait_s = between(outbox.sent_at, self._first_at, outbox.sent_ns, self._first_ns)
        receive_s = between(self._first_at, self._last_at, self._first_ns, self._last_ns)
        before_s = outbox.sent_at - self._started_at - self._late_s
        return wait_s, receive_s, min(self._spent_s(), before_s + wait_s + receive_s)


def between(start_s: float, end_s: float, start_ns: int, end_ns: int) -> float:
    """Seconds between two moments on the loop's clock (s), better by the kernel's stamps (ns).

    A stamp is 0 where there is none. The kernel's count where both moments have one and they are
    sane: a step of the wall clock between them shows as a value outside the loop's own.
    """
    seconds = end_s - start_s
    if start_ns and end_ns:
        measured = (end_ns - start_ns) * 1e-9
        if 0 <= measured < seconds:
            return measured
    return seconds if seconds > 0.0 else 0.0
