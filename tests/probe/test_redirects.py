"""Redirects: methods, locations, cookies, credentials, loops."""

import asyncio
from typing import Any

import httpx
import pytest
import respx

from probe.transports import journey
from probecli.model.target import Auth, Basic, Target
from probecli.probe.call import Call
from probecli.probe.redirects import Journey

START = "https://a.test/start"
Pages = dict[str, httpx.Response | list[httpx.Response]]


def to(location: str, status: int = 302, *cookies: str) -> httpx.Response:
    """A redirect that sets cookies."""
    headers = [("Location", location), *(("Set-Cookie", cookie) for cookie in cookies)]
    return httpx.Response(status, headers=headers)


def led(pages: Pages, **fields: Any) -> tuple[Journey, list[Call]]:
    """The journey from `START` through `pages`; every other page is fine."""
    router = respx.MockRouter(assert_all_called=False)
    for url, page in pages.items():
        route = router.route(url__eq=url)
        if isinstance(page, list):
            route.mock(side_effect=page)
        else:
            route.mock(return_value=page)
    router.route().mock(return_value=httpx.Response(200, text="fine"))
    target = Target(**{"name": "t", "url": START, **fields})
    return asyncio.run(journey(target, httpx.MockTransport(router.async_handler)))


def field(call: Call, name: str) -> str | None:
    """A header field of a call."""
    return {key.lower(): value for key, value in call.headers}.get(name)


@pytest.mark.parametrize(
    ("status", "method", "then", "keeps_body"),
    [
        (301, "GET", "GET", False),
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", False),
        (302, "HEAD", "HEAD", False),
        (307, "POST", "POST", True),
        (308, "POST", "POST", True),
        (307, "DELETE", "DELETE", False),
        (308, "HEAD", "HEAD", False),
    ],
)
def test_the_method_and_the_body_are_rewritten_as_browsers_do(
    status: int, method: str, then: str, keeps_body: bool
) -> None:
    body = "a=1" if method == "POST" else None
    done, sent = led({START: to("/next", status)}, method=method, body=body)
    assert done.fault is None
    assert (sent[1].method, sent[1].body) == (then, b"a=1" if keeps_body else b"")
    assert (field(sent[1], "content-length") is not None) == keeps_body


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/next", "https://a.test/next"),
        ("next", "https://a.test/next"),
        ("../up", "https://a.test/up"),
        ("?q=1", "https://a.test/start?q=1"),
        ("//b.test/next", "https://b.test/next"),
        ("https://a.test", "https://a.test/"),
        ("http://b.test:8080/x", "http://b.test:8080/x"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("/a b", "https://a.test/a%20b"),
        ("/été", "https://a.test/%C3%A9t%C3%A9"),
        ("https://bücher.test/", "https://xn--bcher-kva.test/"),
    ],
)
def test_a_location_of_any_form_leads_on(location: str, url: str) -> None:
    page = httpx.Response(302, headers=[(b"Location", location.encode())])
    done, sent = led({START: page})
    assert done.fault is None
    assert sent[1].url == url
    assert len(done.hops) == 2
    assert len(done.urls) == 1


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://a.test/",
        "javascript:alert(1)",
        "mailto:root@a.test",
        "http://a.test:99999/",
        "http://a.test:0/",
        "http://a.test:port/",
        "http://[::1",
        "http://\x00/",
    ],
)
def test_an_unusable_location_is_a_fault_that_quotes_it(location: str) -> None:
    page = httpx.Response(302, headers=[(b"Location", location.encode())])
    done, sent = led({START: page})
    assert done.fault is not None
    assert done.fault.cause == "http.response.invalid"
    assert location in done.fault.detail
    assert len(sent) == 1


def test_ten_redirects_are_followed_and_the_eleventh_is_a_fault() -> None:
    chain: Pages = {f"https://a.test/{n}": to(f"/{n + 1}") for n in range(1, 10)}
    done, sent = led({START: to("/1"), **chain})
    assert done.fault is None
    assert len(sent) == 11
    done, sent = led({START: to("/1"), **chain, "https://a.test/10": to("/11")})
    assert done.fault is not None
    assert done.fault.cause == "http.response.redirect_loop"
    assert "10" in done.fault.detail
    assert len(sent) == 11


def test_with_no_redirect_allowed_the_first_is_a_fault() -> None:
    done, sent = led({START: to("/next")}, max_redirects=0)
    assert done.fault is not None
    assert len(sent) == 1


@pytest.mark.parametrize(
    "pages",
    [
        {START: to(START)},
        {START: to("/other"), "https://a.test/other": to("/start")},
    ],
    ids=["itself", "back and forth"],
)
def test_a_loop_is_seen_before_it_is_walked_again(pages: Pages) -> None:
    done, sent = led(pages)
    assert done.fault is not None
    assert done.fault.cause == "http.response.redirect_loop"
    assert len(sent) == len(pages)


def test_a_fragment_does_not_make_another_page_of_a_loop() -> None:
    done, sent = led({START: to("#top")})
    assert done.fault is not None
    assert done.fault.cause == "http.response.redirect_loop"
    assert len(sent) == 1


def test_a_page_that_sets_a_cookie_and_redirects_to_itself_is_no_loop() -> None:
    done, sent = led({START: [to(START, 302, "seen=1"), httpx.Response(200)]})
    assert done.fault is None
    assert field(sent[1], "cookie") == "seen=1"


def test_a_page_that_sets_the_same_cookie_for_ever_is_a_loop() -> None:
    done, sent = led({START: to(START, 302, "seen=1")})
    assert done.fault is not None
    assert done.fault.cause == "http.response.redirect_loop"
    assert len(sent) == 2


def test_cookies_of_one_hop_are_sent_on_the_next_as_their_scope_says() -> None:
    pages: Pages = {
        START: to("/2", 302, "a=1; Path=/", "b=2; Path=/elsewhere", "c=3; Secure"),
        "https://a.test/2": to("http://a.test/3"),
        "http://a.test/3": to("https://b.test/4"),
    }
    _, sent = led(pages)
    assert [field(call, "cookie") for call in sent] == [None, "a=1; c=3", "a=1", None]


def test_a_cookie_set_by_hand_stays_on_its_origin_beside_those_of_the_server() -> None:
    pages: Pages = {START: to("/2", 302, "new=1"), "https://a.test/2": to("/3")}
    _, sent = led(pages, headers={"Cookie": "mine=1"})
    assert [field(call, "cookie") for call in sent] == ["mine=1", "mine=1; new=1", "mine=1; new=1"]


ELSEWHERE = [
    pytest.param("http://a.test/next", id="scheme"),
    pytest.param("https://b.test/next", id="host"),
    pytest.param("https://sub.a.test/next", id="subdomain"),
    pytest.param("https://a.test:8443/next", id="port"),
]
CREDENTIALS: list[Any] = [
    pytest.param({"headers": {"Authorization": "Bearer t0ken"}}, id="Authorization"),
    pytest.param({"headers": {"Cookie": "session=t0ken"}}, id="Cookie"),
    pytest.param({"headers": {"X-Key": "t0ken"}, "secrets": ("t0ken",)}, id="secret"),
    pytest.param({"auth": Auth(bearer="t0ken")}, id="bearer"),
    pytest.param({"auth": Auth(basic=Basic("user", "t0ken"))}, id="basic"),
    pytest.param({"url": "https://user:t0ken@a.test/start"}, id="userinfo"),
]


def carries(call: Call) -> bool:
    """Whether a credential of the tests above is in a call."""
    text = repr(call.headers) + call.path
    return "t0ken" in text or "Basic" in text


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("fields", CREDENTIALS)
def test_no_credential_crosses_to_another_origin(location: str, fields: dict[str, Any]) -> None:
    done, sent = led({START: to(location)}, **fields)
    assert done.fault is None
    assert carries(sent[0])
    assert not carries(sent[1])


@pytest.mark.parametrize("fields", CREDENTIALS)
def test_a_credential_stays_on_its_own_origin(fields: dict[str, Any]) -> None:
    _, sent = led({START: to("/next")}, **fields)
    assert carries(sent[1])


@pytest.mark.parametrize("fields", CREDENTIALS)
def test_a_credential_never_comes_back_once_its_origin_was_left(fields: dict[str, Any]) -> None:
    _, sent = led(
        {START: to("https://b.test/"), "https://b.test/": to("https://a.test/x")}, **fields
    )
    assert [carries(call) for call in sent] == [True, False, False]


def test_the_default_port_written_out_is_the_same_origin() -> None:
    _, sent = led({START: to("https://a.test:443/next")}, auth=Auth(bearer="t0ken"))
    assert carries(sent[1])


def test_the_host_field_is_that_of_each_hop() -> None:
    pages: Pages = {START: to("https://b.test:8443/x"), "https://b.test:8443/x": to("/y")}
    _, sent = led(pages)
    assert [field(call, "host") for call in sent] == ["a.test", "b.test:8443", "b.test:8443"]


def test_every_hop_carries_each_field_once() -> None:
    _, sent = led({START: to("https://b.test/")}, headers={"X-Note": "été", "User-Agent": "me"})
    for call in sent:
        names = [name.lower() for name, _ in call.headers]
        assert len(names) == len(set(names))
        assert field(call, "x-note") == "été"
        assert field(call, "user-agent") == "me"


@pytest.mark.parametrize("status", [300, 304, 305, 399])
def test_other_statuses_are_no_redirects_even_with_a_location(status: int) -> None:
    done, sent = led({START: to("/next"), "https://a.test/next": to("/third", status)})
    assert done.fault is None
    assert len(sent) == 2
