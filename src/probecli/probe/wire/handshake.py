"""A TLS handshake on its way, and how long it takes but for our own event loop."""

from time import perf_counter, time_ns
from typing import TYPE_CHECKING

from probecli.probe.wire.secure import Secure

if TYPE_CHECKING:
    import ssl


class Handshake:
    """The phase is the kernel-stamped waits plus our own CPU: queueing in our loop drops out.

    Where the kernel stamps nothing it is all the time since the first step.
    """

    __slots__ = ("_began_at", "_mark_ns", "_own_cpu_s", "_stamped", "_waited_ns", "secure")

    def __init__(self, context: "ssl.SSLContext", server_name: str) -> None:
        self._began_at = self._own_cpu_s = 0.0
        self._mark_ns = self._waited_ns = 0
        self._stamped = False
        self.secure = Secure(context, server_name)

    @property
    def awaiting(self) -> bool:
        """Whether it is the peer's turn to say something."""
        return bool(self._began_at)

    def received(self, data: bytes, stamp_ns: int) -> None:
        """Bytes of the peer's flight and when they came, 0 where the kernel does not tell."""
        self.secure.received(data)
        if stamp_ns:
            self._stamped = True
            self._waited_ns += max(0, stamp_ns - self._mark_ns)
            self._mark_ns = stamp_ns

    def step(self) -> bool:
        """As far as the bytes received allow; True when complete. Raises Fault.

        What is to be sent then belongs to the wait for what comes next, its sending included.
        """
        before = perf_counter()
        if not self._began_at:
            self._began_at = before
        try:
            return self.secure.shake()
        finally:
            self._own_cpu_s += perf_counter() - before
            self._mark_ns = time_ns()

    def seconds(self) -> float:
        """How long the complete handshake took."""
        elapsed = perf_counter() - self._began_at
        if not self._stamped:
            return elapsed
        return min(elapsed, self._waited_ns * 1e-9 + self._own_cpu_s)
