"""Faults of redirects, and what must be kept, rewritten or dropped on the way."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

from faults.fault import Fault
from faults.http import (
    FINE,
    Request,
    answer,
    app,
    hops,
    passes,
    redirect,
    redirected,
    response,
)
from faults.rows.certificates import SERVICE
from faults.server import in_turn, linked, read_head, refusing, script, send
from faults.tls import handshake

TITLE = "Redirects"

LOOP = "http.response.redirect_loop"
UPLOAD = {"method": "POST", "body": "a=1"}


def unusable() -> Iterator[Fault]:
    """Locations that lead nowhere a prober goes."""
    for name, location in (
        ("a file", "file:///etc/passwd"),
        ("FTP", "ftp://127.0.0.1/pub"),
        ("script", "javascript:alert(1)"),
        ("mail", "mailto:root@service.test"),
        ("noise", "http://[::1"),
        ("a port that is none", "http://127.0.0.1:99999/"),
        ("a port of letters", "http://127.0.0.1:http/"),
    ):
        yield Fault(
            f"redirect to {name}",
            "down",
            "http.response.invalid",
            answer(redirect(location)),
            words=location,
            note=f"`Location: {location}` cannot be followed.",
        )


def usable() -> Iterator[Fault]:
    """Locations in forms that clients follow."""
    for name, location in (
        ("relative path", "next"),
        ("absolute path", "/next"),
        ("query alone", "?next"),
        ("dots", "/a/../b/./next"),
        ("fragment", "/next#part"),
        ("unescaped space", "/the next"),
        ("unescaped letters", "/caf\u00e9-next"),
    ):

        def respond(request: Request, location: str = location) -> bytes:
            return FINE if "next" in request.path else redirect(location)

        serve = script(app(respond))
        note = f"`Location: {location}` is followed."
        yield Fault(f"redirect by {name}", "up", None, serve, note=note)


def methods() -> Iterator[Fault]:
    """How a POST goes on after each status."""
    for status in ("301 Moved Permanently", "302 Found", "303 See Other"):
        serve = redirected(status, lambda asked: asked.method == "GET" and not asked.body)
        note = "POST becomes GET without a body, as browsers do."
        yield Fault(f"POST after {status[:3]}", "up", None, serve, UPLOAD, note=note)
    for status in ("307 Temporary Redirect", "308 Permanent Redirect"):
        serve = redirected(status, lambda asked: (asked.method, asked.body) == ("POST", b"a=1"))
        note = "Method and body stay."
        yield Fault(f"POST after {status[:3]}", "up", None, serve, UPLOAD, note=note)
    serve = redirected("303 See Other", lambda asked: asked.method == "HEAD")
    note = "HEAD stays HEAD."
    yield Fault("HEAD after 303", "up", None, serve, {"method": "HEAD"}, note=note)


def elsewhere(name: str, header: str, note: str, **target: Any) -> Fault:
    """A redirect to another port, where `header` must not arrive."""
    there = app(passes(lambda asked: header not in asked.headers, f"{header} was handed on"))
    serve = linked(script(there), lambda port: app(lambda _: redirect(f"http://127.0.0.1:{port}/")))
    return Fault(name, "up", None, serve, target, note=note)


def _cookie_wall(request: Request) -> bytes:
    cookies = SimpleCookie(request.headers.get("cookie", ""))
    if "seen" in cookies and cookies["seen"].value == "1":
        return FINE
    return redirect("/", "302 Found", "Set-Cookie: seen=1; Path=/; HttpOnly")


def _cookie_ended(request: Request) -> bytes:
    if request.path == "/":
        return redirect("/2", "302 Found", "Set-Cookie: a=1; Path=/")
    if request.path == "/2":
        return redirect("/3", "302 Found", "Set-Cookie: a=; Path=/; Max-Age=0")
    return passes(lambda asked: "cookie" not in asked.headers, "a deleted cookie")(request)


ROWS = (
    Fault(
        "redirect to itself",
        "down",
        LOOP,
        answer(redirect("/")),
        words="redirect",
        note="The shortest loop.",
    ),
    Fault(
        "redirect to nothing",
        "down",
        LOOP,
        answer(redirect("")),
        words="redirect",
        note="An empty `Location` is the page itself (RFC 3986, 4.4).",
    ),
    Fault(
        "redirect back and forth",
        "down",
        LOOP,
        script(app(lambda asked: redirect("/b" if asked.path == "/" else "/"))),
        words="redirect",
        note="Two pages that point at each other.",
    ),
    Fault(
        "redirect without end",
        "down",
        LOOP,
        script(app(lambda asked: redirect(asked.path + "x"))),
        words="10",
        note="Always a new page, never an end.",
    ),
    Fault("10 hops", "up", None, hops(10), note="As many as `max_redirects` allows."),
    Fault("11 hops", "down", LOOP, hops(11), words="10", note="One more than `max_redirects`."),
    Fault(
        "one hop too many",
        "down",
        LOOP,
        hops(1),
        {"max_redirects": 0},
        words="0",
        note="`max_redirects: 0` allows none.",
    ),
    Fault(
        "not followed",
        "up",
        None,
        answer(redirect("/")),
        {"follow_redirects": False},
        note="The redirect itself is the answer, and 302 is among 200-399.",
    ),
    *unusable(),
    *usable(),
    Fault(
        "3xx without Location",
        "up",
        None,
        answer(response(status="302 Found")),
        note="Judged by its status.",
    ),
    Fault(
        "3xx without Location, 200 expected",
        "down",
        "expect.status",
        answer(response(status="302 Found")),
        {"expect": {"status": 200}},
        words="302",
        note="Judged by its status.",
    ),
    Fault(
        "300 with a choice",
        "up",
        None,
        answer(response(b"<a href=/a>a</a>", status="300 Multiple Choices")),
        note="Judged by its status.",
    ),
    *methods(),
    elsewhere(
        "Authorization to another origin",
        "authorization",
        "Dropped: another port is another origin.",
        headers={"Authorization": "Bearer secret"},
    ),
    elsewhere(
        "auth to another origin",
        "authorization",
        "Dropped: another port is another origin.",
        auth={"basic": {"username": "u", "password": "p"}},
    ),
    elsewhere(
        "cookie by hand to another origin",
        "cookie",
        "Dropped: set in `headers`, it belongs to the first origin.",
        headers={"Cookie": "session=1"},
    ),
    Fault(
        "Authorization to the same origin",
        "up",
        None,
        redirected("302 Found", lambda asked: asked.headers.get("authorization") == "Bearer x"),
        {"auth": {"bearer": "x"}},
        note="Kept.",
    ),
    Fault(
        "cookie wall",
        "up",
        None,
        script(app(_cookie_wall)),
        note="A redirect to itself that ends once its cookie comes back: no loop.",
    ),
    Fault(
        "cookie deleted on the way",
        "up",
        None,
        script(app(_cookie_ended)),
        note="Max-Age=0 takes a cookie back.",
    ),
    Fault(
        "redirect to a dead port",
        "down",
        "tcp.refused",
        linked(refusing, lambda port: app(lambda _: redirect(f"http://127.0.0.1:{port}/"))),
        words="refused",
        note="The hop that fails gives the cause.",
    ),
    Fault(
        "redirect by //host",
        "up",
        None,
        linked(answer(FINE), lambda port: app(lambda _: redirect(f"//127.0.0.1:{port}/"))),
        note="The scheme stays, host and port change.",
    ),
    Fault(
        "redirect to an expired certificate",
        "down",
        "tls.cert.date_invalid",
        linked(
            script(handshake("expired"), read_head, send(FINE)),
            lambda port: app(lambda _: redirect(f"https://127.0.0.1:{port}/")),
        ),
        {"tls": {"ca_file": "{root}"}},
        words="expired",
        note="From HTTP to HTTPS, and the certificate there has expired.",
    ),
    Fault(
        "redirect to an error",
        "down",
        "http.error",
        script(
            app(
                lambda asked: (
                    redirect("/next")
                    if asked.path == "/"
                    else response(status="503 Service Unavailable")
                )
            )
        ),
        words="503",
        note="The last response is judged.",
    ),
    Fault(
        "redirect cut short",
        "down",
        "http.response.invalid",
        answer(redirect("/", "302 Found")[:-4]),
        words="closed",
        note="Closed inside the head of a redirect.",
    ),
    Fault(
        "redirect to plain HTTP",
        "up",
        None,
        linked(
            answer(FINE),
            lambda port: in_turn(handshake(), app(lambda _: redirect(f"http://127.0.0.1:{port}/"))),
        ),
        SERVICE,
        note="From HTTPS to HTTP: followed, and shown among the redirects.",
    ),
)
