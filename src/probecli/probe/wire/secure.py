"""One TLS connection over memory buffers: what it sends, reads and means when it fails."""

import ssl

from probecli.probe.wire.fault import Fault

_CERTIFICATE_CAUSES = {
    9: "tls.cert.date_invalid",
    10: "tls.cert.date_invalid",
    2: "tls.cert.authority_invalid",
    18: "tls.cert.authority_invalid",
    19: "tls.cert.authority_invalid",
    20: "tls.cert.authority_invalid",
    21: "tls.cert.authority_invalid",
    27: "tls.cert.authority_invalid",
    23: "tls.cert.revoked",
    62: "tls.cert.name_invalid",
    63: "tls.cert.name_invalid",
    64: "tls.cert.name_invalid",
}

_MISMATCH = "tls.version_or_cipher_mismatch"
_CLIENT_CERTIFICATE = "tls.bad_client_auth_cert"
_PROTOCOL = "tls.protocol.error"

_REASON_CAUSES = {
    "UNSUPPORTED_PROTOCOL": _MISMATCH,
    "TLSV1_ALERT_PROTOCOL_VERSION": _MISMATCH,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _MISMATCH,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _MISMATCH,
    "NO_PROTOCOLS_AVAILABLE": _MISMATCH,
    "NO_CIPHERS_AVAILABLE": _MISMATCH,
    "NO_SHARED_CIPHER": _MISMATCH,
    "DH_KEY_TOO_SMALL": _MISMATCH,
    "EE_KEY_TOO_SMALL": "tls.cert.invalid",
    "CA_KEY_TOO_SMALL": "tls.cert.invalid",
    "CA_MD_TOO_WEAK": "tls.cert.invalid",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_BAD_CERTIFICATE": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_NO_CERTIFICATE": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _CLIENT_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _CLIENT_CERTIFICATE,
    "TLSV1_ALERT_UNKNOWN_CA": _CLIENT_CERTIFICATE,
    "TLSV1_ALERT_ACCESS_DENIED": _CLIENT_CERTIFICATE,
    "WRONG_VERSION_NUMBER": _PROTOCOL,
    "HTTP_REQUEST": _PROTOCOL,
    "HTTPS_PROXY_REQUEST": _PROTOCOL,
    "UNKNOWN_PROTOCOL": _PROTOCOL,
    "PACKET_LENGTH_TOO_LONG": _PROTOCOL,
    "DATA_LENGTH_TOO_LONG": _PROTOCOL,
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": _PROTOCOL,
    "UNEXPECTED_MESSAGE": _PROTOCOL,
    "UNEXPECTED_RECORD": _PROTOCOL,
    "NO_PROTOCOL_SELECTED": _PROTOCOL,
    "RECORD_LAYER_FAILURE": _PROTOCOL,
    "BAD_RECORD_TYPE": _PROTOCOL,
}
_PROTOCOL_PREFIXES = ("BAD_", "INVALID_", "WRONG_", "LENGTH_", "EXCESSIVE_", "TOO_MANY_", "DECODE_")

_WORDS = {
    "WRONG_VERSION_NUMBER": "the peer does not speak TLS",
    "HTTP_REQUEST": "the peer speaks plain HTTP",
    "UNSUPPORTED_PROTOCOL": "the server offers only an older TLS version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server refuses this TLS version",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server accepts no TLS offer of ours (handshake failure)",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know this name (unrecognized name)",
}

_HANDSHAKE_RECORD = 22
_CERTIFICATE_REQUEST = 13


class Secure:
    """A client's side of TLS; bytes go in and out by the caller's socket."""

    __slots__ = ("_flight", "_incoming", "_outgoing", "connection", "ended")

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._flight: list[bytes] | None = []
        self.connection = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name
        )
        self.ended = False

    def shake(self) -> bool:
        """Takes the handshake as far as the bytes received allow; True when it is complete.

        Raises Fault when it cannot succeed any more.
        """
        try:
            self.connection.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise self._meaning(error) from None
        except ValueError as error:
            raise Fault("tls.failed", str(error)) from None
        self._flight = None
        return True

    def received(self, data: bytes) -> None:
        """Bytes from the peer; none at all means that it closed."""
        if not data:
            self._incoming.write_eof()
            return
        self._incoming.write(data)
        if self._flight is not None:
            self._flight.append(data)

    def to_send(self) -> bytes:
        """What must be sent to the peer now."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def write(self, data: bytes) -> None:
        """Encrypts `data`; it is then found in `to_send`."""
        self.connection.write(data)

    def read(self) -> bytes:
        """All that can be decrypted now; sets `ended` at the end of the stream.

        An end without close_notify is an end: HTTP knows by its framing whether it was cut.
        Raises Fault on an alert or a broken record.
        """
        pieces = []
        incoming, connection = self._incoming, self.connection
        try:
            # To ask when there is nothing costs an exception: 10 us.
            while incoming.pending or connection.pending() or incoming.eof:
                data = connection.read(65536)
                if not data:
                    self.ended = True
                    break
                pieces.append(data)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.ended = True
        except ssl.SSLError as error:
            if "EOF" in (error.reason or ""):
                self.ended = True
            elif not pieces:
                raise self._meaning(error) from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _meaning(self, error: ssl.SSLError) -> Fault:
        if isinstance(error, ssl.SSLCertVerificationError):
            cause = _CERTIFICATE_CAUSES.get(error.verify_code, "tls.cert.invalid")
            return Fault(cause, f"certificate: {error.verify_message.rstrip('.')}")
        if isinstance(error, ssl.SSLEOFError):
            return Fault("tls.failed", "the server closed the connection during the handshake")
        reason = error.reason or ""
        if reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and asks_for_certificate(self._flight or []):
            return Fault(_CLIENT_CERTIFICATE, "the server wants a client certificate")
        cause = _REASON_CAUSES.get(reason, "")
        if not cause:
            cause = _PROTOCOL if reason.startswith(_PROTOCOL_PREFIXES) else "tls.failed"
        words = _WORDS.get(reason) or reason.lower().replace("_", " ") or str(error)
        return Fault(cause, words)


def asks_for_certificate(flight: list[bytes]) -> bool:
    """Whether a CertificateRequest stands in a TLS 1.2 server's clear handshake (RFC 5246, 7.4).

    Only asked after a failure, to tell a wanted client certificate from a missing common cipher:
    both end in the alert handshake_failure.
    """
    stream = b"".join(flight)
    messages = bytearray()
    while len(stream) >= 5:
        length = int.from_bytes(stream[3:5])
        if stream[0] == _HANDSHAKE_RECORD:
            messages += stream[5 : 5 + length]
        stream = stream[5 + length :]
    at = 0
    while at + 4 <= len(messages):
        if messages[at] == _CERTIFICATE_REQUEST:
            return True
        at += 4 + int.from_bytes(messages[at + 1 : at + 4])
    return False
