"""One exchange with one server: connect, handshake, send, wait, receive, each timed.

A state machine of callbacks: no task, no stream object and no lock a probe. The codec decides what
is sent and when the answer is complete; the deadline bounds the whole, whatever the server does.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from probecli.model.result import TlsFacts
from probecli.probe.wire.codec import Codec
from probecli.probe.wire.deadlines import Deadlines
from probecli.probe.wire.dial import Address, Dial, Tried, connect_seconds, dialled
from probecli.probe.wire.fault import Fault, connect_fault
from probecli.probe.wire.order import Order, Outcome
from probecli.probe.wire.outbox import Outbox
from probecli.probe.wire.system import CLOSING, System, happened
from probecli.probe.wire.timed import Timed
from probecli.probe.wire.turns import READ, STAGE_DIALLING, STAGE_HANDSHAKE, STAGE_READING, serve
from probecli.probe.wire.words import WHERE, Progress, too_late, unanswered, unconnected

if TYPE_CHECKING:
    from probecli.probe.wire.handshake import Handshake
    from probecli.probe.wire.secure import Secure

# One full segment on Ethernet: the first read is small, so that its kernel stamp is that of the
# first byte and not of the last segment that happened to be queued behind it.
_FIRST_READ_BYTES = 2048
_READ_BYTES = 65536
_READS_A_TURN = 16

# Beside two round trips, for an alert that is sent again once: TCP's shortest wait is 200 ms.
_REFUSED_WITHIN_S = 0.5


Ended = Callable[["Outcome | Exception"], None]
"""Who is told how an exchange ended: its outcome, or a fault of our own."""


class Exchange(Timed):
    """Carries out one order and tells `ended` once."""

    __slots__ = (
        "_address",
        "_agreed",
        "_begun",
        "_codec",
        "_deadline",
        "_deadlines",
        "_dial",
        "_ended",
        "_eof",
        "_handshake",
        "_loop",
        "_order",
        "_outbox",
        "_secure",
        "_sock",
        "_system",
        "_tried",
        "_tunnelled",
        "alive",
        "stage",
    )

    def __init__(
        self,
        system: System,
        deadlines: Deadlines,
        loop: asyncio.AbstractEventLoop,
        order: Order,
        ended: Ended,
    ) -> None:
        super().__init__()
        self._system = system
        self._deadlines = deadlines
        self._loop = loop
        self._order = order
        self._ended = ended
        self._dial: Dial | None = None
        self._tried: Sequence[Tried] = ()
        self._address: Address | None = None
        self._sock: socket.SocketType | None = None
        self._handshake: Handshake | None = None
        self._secure: Secure | None = None
        self._agreed: TlsFacts | None = None
        self._codec: Codec | None = None
        self._outbox: Outbox | None = None
        self._begun = self._eof = False
        self._tunnelled = order.tunnel is None
        self.stage = STAGE_DIALLING
        self.alive = True

    def start(self) -> None:
        """Starts to connect; it may have ended before this returns."""
        order = self._order
        self._started_at = perf_counter()
        bound = order.connect_timeout_s
        if order.timeout_s < bound:
            bound = order.timeout_s
        self._deadline = self._deadlines.set(self, bound)
        if len(order.addresses) > 1:
            self._dial = Dial(self._system, self._loop, order.addresses, self, speaks=order.speaks)
            self._tried = self._dial.tried
            self._dial.start()
        else:
            self._dial_alone(order.addresses[0])

    def cancel(self) -> None:
        """Lets go of everything without an outcome; nothing when it has ended."""
        if self.alive:
            self._release()

    def _dial_alone(self, address: Address) -> None:
        """The one address, without what a choice among several takes: it saves 5 us."""
        try:
            self._sock = dialled(self._system, address, speaks=self._order.speaks)
        except Fault as fault:
            self._not_connected(address, fault)
            return
        self._system.watch(self._sock, self)

    def _dialled_alone(self, sock: socket.SocketType, mask: int) -> None:
        address = self._order.addresses[0]
        code = self._system.connect_error(sock, mask)
        if code:
            self._not_connected(address, connect_fault(code, immediate=False))
            return
        seconds = connect_seconds(self._system, sock, self._started_at)
        self.connected(sock, address, seconds, mask)

    def _not_connected(self, address: Address, fault: Fault) -> None:
        self._tried = (Tried(address.ip, fault),)
        self._finish(fault)

    def connected(
        self, sock: socket.SocketType, address: Address, seconds: float, mask: int
    ) -> None:
        """A connection stands: secure it, or begin at once.

        What came with the event that told of the connection (a banner, an early end) has no event
        of its own, so it is read now.
        """
        self._dial = None
        self._sock = sock
        self._address = address
        self._stands(seconds)
        self._outbox = Outbox(sock, prompt=self._order.tls is not None)
        self._system.hand_over(sock, self)
        self.stage = STAGE_READING
        try:
            if not self._tunnelled:
                assert self._order.tunnel is not None
                self._codec = self._order.tunnel
                self._send(self._codec.open())
            else:
                self._path_is_open()
            if self._order.speaks and self.alive:
                self._system.has_spoken(sock)
            if mask & (READ | CLOSING) and self.alive and self.stage == STAGE_READING:
                self._read(mask)
        except Fault as fault:
            self._finish(fault)

    def connect_failed(self, fault: Fault) -> None:
        """No address accepted."""
        self._finish(fault)

    def ready(self, mask: int) -> None:
        """The connection stands or failed, bytes have arrived, or there is room to send."""
        if self.stage == STAGE_DIALLING:
            assert self._sock is not None
            self._dialled_alone(self._sock, mask)
            return
        try:
            outbox = self._outbox
            assert outbox is not None
            if outbox.pending and not outbox.flush():
                self._await_room()
            if self.stage == STAGE_HANDSHAKE:
                self._shake()
            else:
                self._read(mask)
        except Fault as fault:
            self._finish(fault)

    def broke(self, error: Exception) -> None:
        """A fault of our own: it ends this exchange alone, and the caller hears of it."""
        if self.alive:
            self._release()(error)

    def _path_is_open(self) -> None:
        if self._order.tls is None:
            self._begin(None)
            return
        from probecli.probe.wire.handshake import Handshake

        self._handshake = Handshake(self._order.tls.context, self._order.tls.server_name)
        self.stage = STAGE_HANDSHAKE
        self._system.take_turn(self, first=True)

    def _shake(self) -> None:
        """One step of the handshake."""
        handshake = self._handshake
        assert handshake is not None
        secure = handshake.secure
        if handshake.awaiting:
            data = self._receive(_READ_BYTES)
            if data is None:
                return
            handshake.received(data, self._last_ns)
        try:
            complete = handshake.step()
        except Fault:
            self._push(secure.to_send())
            raise
        if not complete:
            self._push(secure.to_send())
            # More may have arrived already, without an event of its own.
            self._system.take_turn(self)
            return
        # The client's last flight stays in the buffer: it leaves together with the request.
        self._is_secure(handshake.seconds())
        assert self._order.tls is not None
        self._agreed = self._order.tls.describe(secure.connection)
        self._handshake = None
        self._secure = secure
        self.stage = STAGE_READING
        self._begin(secure.connection.selected_alpn_protocol())
        if self.alive and (data := secure.read()):
            self._take(data)
        if self.alive:
            self._read(READ)

    def _begin(self, protocol: str | None) -> None:
        """Says the first words."""
        self._codec = codec = self._order.codec(protocol)
        self._begun = True
        assert self._outbox is not None
        self._outbox.begin()
        self._send(codec.open())
        if codec.done:
            self._finish_unless_refused()

    def _finish_unless_refused(self) -> None:
        """The end where nothing is said, but for a server that has yet to take us.

        Our side of TLS 1.3 is complete before the server has seen our certificate, or that we have
        none. Most servers say something at once (session tickets), and that is enough.
        """
        if self._secure is None or self._secure.connection.version() != "TLSv1.3":
            self._finish(None)
            return
        self._complete_s = self._spent_s()
        left = self._order.timeout_s - self._complete_s
        bound = _REFUSED_WITHIN_S + 2 * (self._connect_s or 0.0)
        self._deadlines.lift(self, self._deadline)
        self._deadline = self._deadlines.set(self, max(0.001, min(left, bound)))

    def _send(self, data: bytes) -> None:
        if self._secure is not None:
            if data:
                self._secure.write(data)
            data = self._secure.to_send()
        self._push(data)

    def _push(self, data: bytes) -> None:
        assert self._outbox is not None
        if not self._outbox.push(data):
            self._await_room()

    def _await_room(self) -> None:
        assert self._sock is not None
        self._system.want_write(self._sock, self)

    def _receive(self, size: int) -> bytes | None:
        """Bytes from the socket, none at the end, None when there is nothing yet."""
        assert self._sock is not None
        try:
            data, stamp = self._system.receive(self._sock, size)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            raise Fault("tcp.reset", f"connection reset {self._where()}") from None
        except TimeoutError:
            raise Fault("tcp.failed", f"the connection was lost {self._where()}") from None
        except OSError as error:
            cause = "tls.failed" if self.stage == STAGE_HANDSHAKE else "http.failed"
            raise Fault(cause, f"{error.strerror} {self._where()}") from None
        self._last_at = perf_counter()
        self._last_ns = stamp
        if not data:
            assert self._outbox is not None
            if self._outbox.reset:
                raise Fault("tcp.reset", f"connection reset {self._where()}")
            self._eof = True
        return data

    def _read(self, mask: int) -> None:
        for _ in range(_READS_A_TURN):
            size = _READ_BYTES if self._first_at else _FIRST_READ_BYTES
            data = self._receive(size)
            if data is None:
                return
            if self._secure is not None:
                self._secure.received(data)
                data = self._secure.read()
                self._eof = self._eof or self._secure.ended
                reply = self._secure.to_send()
                if reply:
                    self._push(reply)
            received = len(data)
            self._take(data)
            if not self.alive or self.stage != STAGE_READING:
                return
            if self._secure is None and received < size and not mask & CLOSING:
                return
        self._loop.call_soon(self._read_on, mask)

    def _read_on(self, mask: int) -> None:
        if self.alive:
            serve(self, mask)

    def _take(self, data: bytes) -> None:
        """Gives the codec what arrived, and the end."""
        codec = self._codec
        assert codec is not None
        if data:
            reply = codec.feed(data)
            if not self._first_at and codec.answering and self._begun:
                self._first_at = self._last_at
                self._first_ns = self._last_ns
            if reply and not codec.done:
                self._send(reply)
        if self._eof and not codec.done:
            codec.eof()
        if codec.done:
            if self._begun:
                self._finish(None)
            else:
                self._tunnelled = True
                self._connect_s = self._spent_s()
                self._path_is_open()
                assert self._order.tunnel is not None
                if self._order.tls is None and self.alive and self._order.tunnel.rest:
                    self._take(self._order.tunnel.rest)

    def time_is_up(self) -> None:
        """A bound has passed on the loop's clock: what the kernel knows by now counts first."""
        try:
            was_complete = self._complete_s is not None
            self._hear()
            if not self.alive:
                return
            if self._complete_s is not None:
                # No refusal came in the time that there was for it.
                if was_complete:
                    self._finish(None)
                return
            left = self._bound_s() - self._spent_s()
            if left > 0:
                self._deadline = self._deadlines.set(self, left)
            else:
                self._finish(self._timed_out())
        except Exception as error:
            self.broke(error)

    def _hear(self) -> None:
        """Takes the events of which a late loop has not told yet."""
        if self._dial is not None:
            self._dial.hear()
        elif self._sock is not None and not self.queued_at:
            mask = happened(self._sock)
            if self.stage != STAGE_DIALLING:
                mask &= READ | CLOSING
            if mask:
                self.ready(mask)

    def _bound_s(self) -> float:
        order = self._order
        if self.stage == STAGE_DIALLING:
            return min(order.connect_timeout_s, order.timeout_s)
        return order.timeout_s

    def _timed_out(self) -> Fault:
        order = self._order
        if self.stage == STAGE_DIALLING:
            if self._dial is None:
                self._tried = (Tried(order.addresses[0].ip, None),)
            return unconnected(min(order.connect_timeout_s, order.patience_s))
        pending = self._outbox is not None and bool(self._outbox.pending)
        return unanswered(self._progress(), order.patience_s, pending=pending)

    def _progress(self) -> Progress:
        if self.stage == STAGE_HANDSHAKE:
            return Progress.HANDSHAKE
        if not self._begun:
            return Progress.TUNNEL
        if self._complete_s is not None:
            return Progress.NOTHING
        return Progress.ANSWER if self._first_at else Progress.REQUEST

    def _where(self) -> str:
        return WHERE[self._progress()]

    def _finish(self, fault: Fault | None) -> None:
        if not self.alive:
            return
        # Of a bound that has passed, a late loop hears late.
        total_s = min(self._spent_s(), self._bound_s())
        wait_s = receive_s = None
        outbox = self._outbox
        if self._first_at:
            assert outbox is not None
            wait_s, receive_s, answered_s = self._answered_s(outbox)
            if fault is None:
                total_s = answered_s
                if self._last_ns and total_s > self._order.timeout_s:
                    fault = too_late(total_s, self._order.patience_s)
            else:
                total_s = max(total_s, answered_s)
        elif fault is None and self._complete_s is not None:
            total_s = self._complete_s
        if fault is not None:
            # They lead back here: what failed would stay in memory until the collector comes.
            fault.__traceback__ = fault.__context__ = None
        self._release()(
            Outcome(
                self._address,
                self._codec if self._begun else None,
                self._agreed,
                fault,
                self._tried,
                self._connect_s,
                self._tls_s,
                None if outbox is None else outbox.send_s,
                wait_s,
                receive_s,
                total_s,
            )
        )

    def _release(self) -> Ended:
        """Lets go of everything, and of who is to be told, whom it returns.

        Whoever holds an exchange is held by it: a cycle that only the collector would end.
        """
        self.alive = False
        ended, self._ended = self._ended, _nobody
        self._deadlines.lift(self, self._deadline)
        if self._dial is not None:
            self._dial.stop()
            self._dial = None
        elif self._sock is not None:
            self._system.forget(self._sock)
            self._sock.close()
        return ended


def _nobody(how: Outcome | Exception) -> None:
    """There is nobody to tell any more."""
