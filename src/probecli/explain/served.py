"""What a handshake settled and which certificates came with it, noted as it completes."""

import ssl
from collections.abc import Callable
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from probecli.probe.wire.codec import Codec
from probecli.probe.wire.order import Order


class Secured(Struct, frozen=True, kw_only=True):
    """A completed handshake; `chain` holds the certificates sent in DER, leaf first."""

    version: str | None
    cipher: str | None
    alpn: str | None
    chain: tuple[bytes, ...]


class _Watched:
    """A TLS context that remembers the last connection it made."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.connection: ssl.SSLObject | None = None

    def wrap_bio(self, *buffers: Any, **options: Any) -> ssl.SSLObject:
        self.connection = self._context.wrap_bio(*buffers, **options)
        return self.connection


def watched(order: Order, note: Callable[[Secured], None]) -> Order:
    """`order` with `note` told of its handshake at the moment it completes.

    Later would be too late: a connection that fails afterwards tells nothing any more.
    """
    if order.tls is None:
        return order
    context = _Watched(order.tls.context)
    first = order.codec

    def codec(protocol: str | None) -> Codec:
        if context.connection is not None:
            note(_secured(context.connection))
        return first(protocol)

    tls = replace(order.tls, context=cast(ssl.SSLContext, context))
    return replace(order, tls=tls, codec=codec)


def _secured(connection: ssl.SSLObject) -> Secured:
    cipher = connection.cipher()
    return Secured(
        version=connection.version(),
        cipher=cipher[0] if cipher else None,
        alpn=connection.selected_alpn_protocol(),
        chain=tuple(served(connection)),
    )


def served(connection: ssl.SSLObject) -> list[bytes]:
    """The certificates that the peer sent, in DER, leaf first.

    Public from Python 3.13 on; before, below the public face; at the least, the leaf.
    """
    public = getattr(connection, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    try:
        import _ssl

        below = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
        return [bytes(one.public_bytes(_ssl.ENCODING_DER)) for one in below or ()]
    except (AttributeError, ImportError):
        leaf = connection.getpeercert(binary_form=True)
        return [] if leaf is None else [leaf]
