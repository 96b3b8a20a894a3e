"""What an exchange is told to do, and what it measured."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from probecli.model.result import TlsFacts
from probecli.probe.wire.codec import Codec
from probecli.probe.wire.dial import Address, Tried
from probecli.probe.wire.fault import Fault

if TYPE_CHECKING:
    import ssl

    from probecli.probe.proxy import Tunnel


class TlsOrder(Struct, frozen=True):
    """How to secure the connection, and how to tell what its handshake settled."""

    context: "ssl.SSLContext"
    server_name: str
    describe: "Callable[[ssl.SSLObject], TlsFacts]"


class Order(Struct, frozen=True):
    """What to do: where to connect, how to secure it, what to say; times are in seconds.

    `tunnel` is a codec that opens a way through a proxy before TLS begins. `codec` is chosen once
    the protocol is negotiated (None without TLS or ALPN). `patience_s` is the time-out that the
    user set, of which earlier steps may have left only `timeout_s`: it is the one to speak of.
    With `speaks`, our words are sent as soon as the connection stands: no greeting is awaited.
    """

    addresses: tuple[Address, ...]
    codec: Callable[[str | None], Codec]
    timeout_s: float
    connect_timeout_s: float
    patience_s: float
    tls: TlsOrder | None = None
    tunnel: "Tunnel | None" = None
    speaks: bool = False


class Outcome(Struct, frozen=True):
    """What was measured: phases in seconds, None for those not reached, and the codec's state.

    `tried` are the addresses that were dialled besides the one that answered. `agreed` is what
    the handshake settled, taken at its end: a connection that failed later does not tell any more.
    """

    address: Address | None
    codec: Codec | None
    agreed: TlsFacts | None
    fault: Fault | None
    tried: Sequence[Tried]
    connect_s: float | None
    tls_s: float | None
    send_s: float | None
    wait_s: float | None
    receive_s: float | None
    total_s: float
