"""The moments of one exchange, and the phases between them."""

from msgspec import Struct


class Stamps(Struct, gc=False):
    """Moments on the loop's clock (seconds) and, where the kernel tells them, on its own (ns).

    0 stands for a moment that did not come.
    """

    connected_at: float = 0.0
    sending_at: float = 0.0
    sent_at: float = 0.0
    sent_ns: int = 0
    first_at: float = 0.0
    first_ns: int = 0
    last_at: float = 0.0
    last_ns: int = 0

    def first_is_last(self) -> None:
        """What arrived last is the first of the answer."""
        self.first_at = self.last_at
        self.first_ns = self.last_ns

    def wait_s(self) -> float:
        """From the last byte sent to the first of the answer."""
        return _between(self.sent_at, self.first_at, self.sent_ns, self.first_ns)

    def receive_s(self) -> float:
        """From the first byte of the answer to its last."""
        return _between(self.first_at, self.last_at, self.first_ns, self.last_ns)


def _between(start_s: float, end_s: float, start_ns: int, end_ns: int) -> float:
    """By the kernel's stamps where both ends have one and they are sane.

    A step of the wall clock between the stamps shows as a value outside the loop's own.
    """
    seconds = end_s - start_s
    if start_ns and end_ns:
        measured = (end_ns - start_ns) * 1e-9
        if 0 <= measured < seconds:
            return measured
    return max(0.0, seconds)
