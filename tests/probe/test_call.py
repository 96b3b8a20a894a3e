"""The request that a target asks for, as it goes on the wire."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.model.target import Auth, Basic, Target
from probecli.probe.call import first_call, http1_bytes, http2_fields, proxy_origin, split_url


def target(url: str = "http://a.test/", **fields: Any) -> Target:
    """A target with this URL."""
    return Target(name="t", url=url, **fields)


def sent(url: str = "http://a.test/", **fields: Any) -> str:
    """The head of the request, as text."""
    return http1_bytes(first_call(target(url, **fields))).partition(b"\r\n\r\n")[0].decode()


def fields_of(head: str) -> dict[str, str]:
    """The header fields by lower-case name; each stands there once."""
    pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:]]
    names = [name.lower() for name, _ in pairs]
    assert len(names) == len(set(names))
    return {name.lower(): value for name, value in pairs}


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://a.test", "GET / HTTP/1.1", "a.test"),
        ("http://a.test/", "GET / HTTP/1.1", "a.test"),
        ("http://a.test:80/", "GET / HTTP/1.1", "a.test"),
        ("http://a.test:8080/x", "GET /x HTTP/1.1", "a.test:8080"),
        ("https://a.test:443/", "GET / HTTP/1.1", "a.test"),
        ("https://a.test:80/", "GET / HTTP/1.1", "a.test:80"),
        ("HTTP://A.Test/X", "GET /X HTTP/1.1", "a.test"),
        ("http://a.test/a?b=c&d", "GET /a?b=c&d HTTP/1.1", "a.test"),
        ("http://a.test?b=c", "GET /?b=c HTTP/1.1", "a.test"),
        ("http://a.test/#top", "GET / HTTP/1.1", "a.test"),
        ("http://a.test/a?b#top", "GET /a?b HTTP/1.1", "a.test"),
        ("http://a.test#top", "GET / HTTP/1.1", "a.test"),
        ("http://a.test/a b", "GET /a%20b HTTP/1.1", "a.test"),
        ("http://a.test/a%20b%2f", "GET /a%20b%2f HTTP/1.1", "a.test"),
        ("http://a.test/été?ö=ü", "GET /%C3%A9t%C3%A9?%C3%B6=%C3%BC HTTP/1.1", "a.test"),
        ("http://bücher.test/", "GET / HTTP/1.1", "xn--bcher-kva.test"),
        ("http://[::1]/", "GET / HTTP/1.1", "[::1]"),
        ("http://[2001:DB8::1]:8080/", "GET / HTTP/1.1", "[2001:db8::1]:8080"),
        ("http://u:p@a.test/", "GET / HTTP/1.1", "a.test"),
    ],
)
def test_the_request_line_and_the_host_follow_from_the_url(url: str, line: str, host: str) -> None:
    head = sent(url)
    assert head.split("\r\n")[0] == line
    assert fields_of(head)["host"] == host


@pytest.mark.parametrize("url", ["http://a.test/x?y=1", "https://a.test:8443", "http://a.test:1/"])
def test_the_common_url_is_taken_apart_as_any_other(url: str) -> None:
    # A fragment takes the URL past the short way.
    assert split_url(url) == split_url(f"{url}#")


def test_what_is_not_said_is_filled_in() -> None:
    head = fields_of(sent())
    assert head["user-agent"].startswith("probecli/")
    assert head["accept"] == "*/*"
    assert head["accept-encoding"] == "gzip, deflate, br"
    assert head["connection"] == "close"
    assert "content-length" not in head


@pytest.mark.parametrize(
    "name", ["host", "User-agent", "ACCEPT", "accept-Encoding", "CONNECTION", "authorization"]
)
def test_a_field_set_by_hand_replaces_ours_whatever_its_case(name: str) -> None:
    head = fields_of(sent("http://u:p@a.test/", headers={name: "mine"}))
    assert head[name.lower()] == "mine"


@pytest.mark.parametrize(
    ("fields", "body", "content_type"),
    [
        ({"body": "été"}, "été".encode(), None),
        ({"json": {"a": [1, "é"]}}, '{"a":[1,"é"]}'.encode(), "application/json"),
        (
            {"form": {"a": "1 2", "b": "é&"}},
            b"a=1+2&b=%C3%A9%26",
            "application/x-www-form-urlencoded",
        ),
        ({"json": {"a": 1}, "headers": {"Content-type": "x/y"}}, b'{"a":1}', "x/y"),
    ],
)
def test_a_body_says_its_length_and_type(
    fields: dict[str, Any], body: bytes, content_type: str | None
) -> None:
    raw = http1_bytes(first_call(target(method="POST", **fields)))
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert rest == body
    given = fields_of(head.decode())
    assert given["content-length"] == str(len(body))
    assert given.get("content-type") == content_type


@pytest.mark.parametrize(("method", "length"), [("POST", "0"), ("PUT", "0"), ("GET", None)])
def test_a_method_that_wants_a_body_says_that_there_is_none(
    method: str, length: str | None
) -> None:
    assert fields_of(sent(method=method)).get("content-length") == length


@pytest.mark.parametrize(
    ("url", "auth", "expected"),
    [
        ("http://a.test/", Auth(bearer="t"), "Bearer t"),
        ("http://a.test/", Auth(basic=Basic("u", "pé:x")), ("u", "pé:x")),
        ("http://u:p@a.test/", None, ("u", "p")),
        ("http://u%40b:p%3A%2F@a.test/", None, ("u@b", "p:/")),
        ("http://only@a.test/", None, ("only", "")),
        ("http://u:p@a.test/", Auth(bearer="t"), "Bearer t"),
        ("http://a.test/@b:c", None, None),
    ],
)
def test_credentials_come_from_auth_or_else_from_the_url(
    url: str, auth: Auth | None, expected: str | tuple[str, str] | None
) -> None:
    given = fields_of(sent(url, auth=auth)).get("authorization")
    if isinstance(expected, tuple):
        assert given is not None
        assert base64.b64decode(given.removeprefix("Basic ")).decode() == ":".join(expected)
    else:
        assert given == expected


def test_bytes_from_the_environment_go_out_as_they_were() -> None:
    value = b"caf\xe9".decode("utf-8", "surrogateescape")
    raw = http1_bytes(first_call(target(headers={"X-Name": value}, body=value)))
    assert b"X-Name: caf\xe9\r\n" in raw
    assert raw.endswith(b"\r\n\r\ncaf\xe9")


@given(path=st.text(max_size=30), query=st.text(max_size=30))
def test_no_url_can_end_a_line_or_leave_the_request_line(path: str, query: str) -> None:
    url = f"http://a.test/{path}?{query}"
    head = http1_bytes(first_call(target(url)))
    lines = head.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert len(lines) == 6
    assert lines[0].startswith(b"GET /")
    assert lines[0].count(b" ") == 2
    assert b"#" not in lines[0]
    assert all(0x20 < byte < 0x7F or byte == 0x20 for byte in lines[0])


def test_a_proxy_gets_the_absolute_form_without_credentials() -> None:
    call = first_call(target("http://u:p@a.test:8080/x?y#z"))
    line = http1_bytes(call, absolute=True).split(b"\r\n")[0]
    assert line == b"GET http://a.test:8080/x?y HTTP/1.1"


@pytest.mark.parametrize(
    ("proxy", "host", "port", "credentials"),
    [
        ("http://p.test:3128", "p.test", 3128, None),
        ("http://u:p%40@p.test:3128", "p.test", 3128, "u:p@"),
        ("http://[::1]:3128", "::1", 3128, None),
        ("http://p.test", "p.test", 80, None),
    ],
)
def test_a_proxys_url_gives_its_place_and_its_credentials(
    proxy: str, host: str, port: int, credentials: str | None
) -> None:
    origin, authorization = proxy_origin(proxy)
    assert (origin.host, origin.port) == (host, port)
    if credentials is None:
        assert authorization is None
    else:
        assert authorization is not None
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == credentials


def test_http2_has_its_own_fields_in_front_and_none_of_a_connection() -> None:
    call = first_call(
        target("https://a.test:8443/x?y#z", headers={"X-Name": "é", "Keep-Alive": "1"})
    )
    fields = http2_fields(call)
    assert fields[:4] == [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"a.test:8443"),
        (b":path", b"/x?y"),
    ]
    names = [name for name, _ in fields]
    assert all(name == name.lower() for name in names)
    assert not {b"host", b"connection", b"keep-alive"} & set(names)
    assert dict(fields)[b"x-name"] == "é".encode()


def test_a_host_set_by_hand_is_the_authority_of_http2() -> None:
    fields = dict(http2_fields(first_call(target(headers={"host": "b.test"}))))
    assert fields[b":authority"] == b"b.test"
