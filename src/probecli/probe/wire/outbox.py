"""What one connection has to send, and when the last of its request left."""

import socket
from time import perf_counter, time_ns

from probecli.probe.wire.fault import Fault

# What fits one segment on every path leaves at once, whatever Nagle thinks.
_ONE_SEGMENT = 1200


class Outbox:
    """Hands bytes to the kernel as it takes them; `pending` is what it did not take yet.

    `prompt` switches Nagle's algorithm off before the first byte. `send_s` is how long sending
    the request took, None until it has left; `sent_at` (the loop's clock, seconds) and `sent_ns`
    (wall time) are when its last call began: the kernel's own work in that call is part of the
    wait, which is exact because both of its ends are then the kernel's. `reset` tells that the
    peer takes no more.
    """

    __slots__ = (
        "_prompt",
        "_sending_at",
        "_sock",
        "_timed",
        "pending",
        "reset",
        "send_s",
        "sent_at",
        "sent_ns",
    )

    def __init__(self, sock: socket.SocketType, *, prompt: bool) -> None:
        self._sock = sock
        self._timed = False
        self.pending: bytes | memoryview = b""
        self.reset = False
        self.send_s: float | None = None
        self.sent_at = 0.0
        self.sent_ns = 0
        self._prompt = False
        if prompt:
            self._send_promptly()

    def begin(self) -> None:
        """What is pushed next is the request."""
        self._timed = True
        self._sending_at = perf_counter()

    def push(self, data: bytes) -> bool:
        """Sends `data` behind what is pending; False when to flush once there is room.

        Raises Fault when the connection is broken in another way than by a reset.
        """
        if self.pending:
            self.pending = b"".join((self.pending, data))
            return False
        if not data:
            if self._timed:
                self._stamp()
                self._sent(0.0)
            return True
        self.pending = data
        return self.flush()

    def flush(self) -> bool:
        """Sends what is pending, as `push` does."""
        size = len(self.pending)
        if size > _ONE_SEGMENT and not self._prompt:
            self._send_promptly()
        if self._timed:
            self._stamp()
        try:
            count = self._sock.send(self.pending)
        except BlockingIOError:
            return False
        except (ConnectionResetError, BrokenPipeError):
            # A response may have been sent before the reset: read on, and remember.
            self.reset = True
            count = size
        except OSError as error:
            raise Fault("http.failed", f"sending failed: {error.strerror}") from None
        if count < size:
            # A view, because slicing a large upload at every turn would copy it each time.
            self.pending = memoryview(self.pending)[count:]
            return False
        self.pending = b""
        if self._timed:
            self._sent(self.sent_at - self._sending_at)
        return True

    def _send_promptly(self) -> None:
        """Else Nagle holds what follows a first segment until the peer acknowledges that."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._prompt = True

    def _stamp(self) -> None:
        self.sent_ns = time_ns()
        self.sent_at = perf_counter()

    def _sent(self, seconds: float) -> None:
        self.send_s = seconds
        self._timed = False
