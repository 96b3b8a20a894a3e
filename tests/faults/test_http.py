"""Messages, encodings and HTTP/2 are what their rows say, as other clients see them."""

import gzip
import http.client
import ssl
import zlib
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx
import pytest

from faults.client import connected, exchange
from faults.fault import running_target
from faults.http import PAGE, bombs
from faults.rows.content import TITLE as CONTENT
from faults.table import BY_NAME, SECTIONS

END = b"\r\n\r\n"


@pytest.mark.parametrize(
    "target", ["length", "chunks", "until close", "HTTP/1.0 without length", "same length twice",
               "100 Continue first", "204 with a length", "304 with a length"], indirect=True
)  # fmt: skip
def test_a_plain_client_reads_what_is_only_odd(target: dict[str, Any]) -> None:
    client = http.client.HTTPConnection("127.0.0.1", urlsplit(target["url"]).port, timeout=5)
    client.request("GET", "/")
    answer = client.getresponse()
    assert answer.read() in (b"fine\n", b"fine", b"")
    client.close()


@pytest.mark.parametrize(
    ("target", "count"), [("10 hops", 10), ("11 hops", 11)], indirect=["target"]
)
def test_hops_are_as_many_as_the_row_says(target: dict[str, Any], count: int) -> None:
    answer = httpx.get(target["url"], follow_redirects=True)
    assert answer.status_code == 200
    assert len(answer.history) == count


def _unpacked(encoding: str, body: bytes) -> bytes:
    match encoding:
        case "gzip" | "x-gzip":
            return gzip.decompress(body)
        case "deflate":
            try:
                return zlib.decompress(body)
            except zlib.error:
                return zlib.decompress(body, wbits=-15)
        case "br":
            unpacked: bytes = brotli.decompress(body)
            return unpacked
        case "gzip, br":
            return gzip.decompress(brotli.decompress(body))
        case _:
            return body


@pytest.mark.parametrize(
    "name", [row.name for row in SECTIONS[CONTENT] if "expect" in row.target
             and row.target["expect"] == {"body": "Welcome"} and row.state == "up"]
)  # fmt: skip
def test_encoded_pages_hold_the_page(name: str) -> None:
    with running_target(BY_NAME[name]) as target:
        raw, _ = exchange(connected(target))
    top, _, body = raw.partition(END)
    encoding = top.decode("latin-1").partition("Content-Encoding: ")[2].partition("\r\n")[0]
    assert _unpacked(encoding, body).endswith(PAGE)


@pytest.mark.parametrize(
    "name",
    [row.name for row in SECTIONS[CONTENT]
     if row.cause == "http.response.invalid" and row.name != "unknown encoding"],
)  # fmt: skip
def test_broken_encodings_do_not_unpack(name: str) -> None:
    with running_target(BY_NAME[name]) as target:
        raw, _ = exchange(connected(target))
    top, _, body = raw.partition(END)
    encoding = top.decode("latin-1").partition("Content-Encoding: ")[2].partition("\r\n")[0]
    with pytest.raises((zlib.error, brotli.error, EOFError, OSError)):
        _unpacked(encoding, body)


def test_bombs_are_small_on_the_wire() -> None:
    assert all(len(body) < 128 << 10 for body in bombs().values())


def _h2(target: dict[str, Any]) -> httpx.Response:
    context = ssl.create_default_context(cafile=target["tls"]["ca_file"])
    url = target["url"].replace("service.test", "127.0.0.1")
    with httpx.Client(verify=context, http1=False, http2=True, timeout=0.5) as client:
        return client.get(url, extensions={"sni_hostname": "service.test"})


@pytest.mark.parametrize(
    "target", ["HTTP/2", "big HTTP/2 page", "HTTP/2 trailers", "HTTP/2 ping"], indirect=True
)
def test_good_http2_is_read_by_another_client(target: dict[str, Any]) -> None:
    answer = _h2(target)
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert len(answer.content) in (5, 300_000)


@pytest.mark.parametrize(
    "target",
    [
        "GOAWAY in place of an answer",
        "RST_STREAM",
        "noise in HTTP/2",
        "headers that do not unpack",
        "HTTP/2 length mismatch",
        "HTTP/2 connection reset",
    ],
    indirect=True,
)
def test_broken_http2_fails_in_another_client_too(target: dict[str, Any]) -> None:
    with pytest.raises((httpx.ProtocolError, httpx.NetworkError)):
        _h2(target)


@pytest.mark.parametrize("target", ["stalled stream"], indirect=True)
def test_a_stalled_stream_times_out_in_another_client_too(target: dict[str, Any]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        _h2(target)
