"""Statuses, encodings, pages that say the service is off, and robots that are kept out."""

import gzip
import zlib
from collections.abc import Iterator

import brotli

from faults.fault import Fault
from faults.http import (
    FINE,
    PAGE,
    answer,
    bomb,
    encoded,
    head,
    raw_deflate,
    response,
)
from faults.server import drip, read_head, script, send, turns, wait

TITLE = "Statuses and content"

HTML = "Content-Type: text/html; charset=utf-8"
SMALL_BODY = {"max_body": "64KiB"}
TWICE = {"retry": {"attempts": 2, "initial": "1ms"}}

GZIP = gzip.compress(PAGE, mtime=0)
DEFLATE = zlib.compress(PAGE)
BROTLI = brotli.compress(PAGE)


def page(title: str, *paragraphs: str) -> bytes:
    """A small page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1>{text}</body></html>"
    ).encode()


def statuses() -> Iterator[Fault]:
    """Statuses that `expect.status` does not allow."""
    for status in (
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "408 Request Timeout",
        "451 Unavailable For Legal Reasons",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "521 Web Server Is Down",
    ):
        serve = answer(response(page(status), HTML, status=status))
        yield Fault(status, "down", "http.error", serve, words=status, note="Said by its status.")


def undecodable() -> Iterator[Fault]:
    """Bodies that their Content-Encoding does not fit."""
    for name, encoding, body, note in (
        ("corrupt gzip", "gzip", GZIP[:20] + b"\xff" * 20 + GZIP[40:], "Damaged on the way."),
        ("wrong gzip checksum", "gzip", GZIP[:-8] + bytes(8), "Whole, and the sum is wrong."),
        ("truncated gzip", "gzip", GZIP[:-20], "The length is right, the stream does not end."),
        ("plain text as gzip", "gzip", PAGE, "The header lies: often a proxy that unpacked it."),
        ("corrupt deflate", "deflate", DEFLATE[:20] + b"\xff" * 30, "Damaged on the way."),
        ("truncated deflate", "deflate", DEFLATE[:-10], "The stream does not end."),
        ("plain text as deflate", "deflate", PAGE, "The header lies."),
        ("corrupt br", "br", b"\xff" * 40, "Damaged on the way."),
        ("truncated br", "br", BROTLI[:-5], "The stream does not end."),
        ("unknown encoding", "rot13", PAGE, "An encoding that nobody asked for."),
    ):
        words = encoding
        serve = encoded(encoding, body)
        yield Fault(name, "down", "http.response.invalid", serve, words=words, note=note)


def decodable() -> Iterator[Fault]:
    """Encodings that must be understood; the page is looked for in the body."""
    expected = {"expect": {"body": "Welcome"}}
    for name, encoding, body, note in (
        ("gzip", "gzip", GZIP, ""),
        ("x-gzip", "x-gzip", GZIP, "The old name (RFC 9110, 8.4.1.3)."),
        ("gzip in two members", "gzip", gzip.compress(b"<p>") + GZIP, "RFC 1952, 2.2."),
        ("deflate", "deflate", DEFLATE, "With the zlib header, as RFC 9110 says."),
        ("raw deflate", "deflate", raw_deflate(PAGE), "Without it, as many servers send."),
        ("br", "br", BROTLI, ""),
        ("gzip, then br", "gzip, br", brotli.compress(GZIP), "Undone in reverse order."),
        ("identity", "identity", PAGE, "No encoding, said aloud."),
    ):
        yield Fault(name, "up", None, encoded(encoding, body), expected, note=note)
    for name, encoding in (("gzip", "gzip"), ("deflate", "deflate"), ("br", "br")):
        note = "Kilobytes that unpack to 64 MiB: cut at `max_body` while it streams."
        yield Fault(f"{name} bomb", "up", None, bomb(encoding), SMALL_BODY, note=note)
    note = "Encoding names, and no body to decode."
    yield Fault("empty gzip", "up", None, encoded("gzip", b""), note=note)


def unavailable() -> Iterator[Fault]:
    """Pages that answer 200 and say that the service is off."""
    for name, title, text in (
        ("French", "Service indisponible", "Notre site est momentanément indisponible."),
        ("French maintenance", "Site en maintenance", "Le site est en cours de maintenance."),
        ("English", "Service Unavailable", "The service is temporarily unavailable."),
        ("English maintenance", "Down for maintenance", "We will be back shortly."),
        ("German", "Wartungsarbeiten", "Der Dienst ist vorübergehend nicht verfügbar."),
        ("Spanish", "Servicio no disponible", "El servicio no está disponible temporalmente."),
        ("Italian", "Servizio non disponibile", "Il servizio è temporaneamente non disponibile."),
    ):
        serve = answer(response(page(title, text), HTML))
        note = f"A holding page with 200: “{title}”."
        yield Fault(
            f"holding page, {name}", "down", "content.unavailable", serve, words=title, note=note
        )


def available() -> Iterator[Fault]:
    """Pages that speak of such things and are the service itself."""
    article = "The outage began at six; parcels could not be tracked for a day. " * 30
    for name, body, note in (
        (
            "page about maintenance",
            page("Boiler maintenance contracts", "Maintenance for your home. " * 40),
            "A shop that sells maintenance.",
        ),
        (
            "article about an outage",
            page("Postal service hit by cyber attack", article, "The site was unavailable."),
            "News about somebody else's fault.",
        ),
        (
            "word in a footer",
            page(
                "Welcome",
                "Send a parcel. " * 60,
                "<footer>Service indisponible le 1er mai</footer>",
            ),
            "A footer is not what the page is about.",
        ),
    ):
        yield Fault(name, "up", None, answer(response(body, HTML)), note=note)
    field = b'{"status": "up", "message": "service unavailable", "maintenance": false}'
    serve = answer(response(field, "Content-Type: application/json"))
    yield Fault("JSON field", "up", None, serve, note="Data, not a page.")
    serve = answer(response(page("Service indisponible"), HTML))
    off = {"detect_unavailable": False}
    note = "Not looked for with `detect_unavailable: false`."
    yield Fault("holding page, not looked for", "up", None, serve, off, note=note)


def challenges() -> Iterator[Fault]:
    """Robot challenges by the marks that their makers document."""
    for name, status, headers, body, words in (
        (
            "Cloudflare",
            "403 Forbidden",
            ("Server: cloudflare", "CF-RAY: 8f1a-CDG", "cf-mitigated: challenge"),
            page("Just a moment..."),
            "Cloudflare",
        ),
        (
            "Akamai",
            "403 Forbidden",
            ("Server: AkamaiGHost",),
            page("Access Denied", "Reference #18.2d7c1002.1734882000.1f0 errors.edgesuite.net"),
            "Akamai",
        ),
        (
            "DataDome",
            "403 Forbidden",
            ("Server: DataDome", "X-DataDome: protected"),
            b"<script src=https://ct.captcha-delivery.com/c.js></script>",
            "DataDome",
        ),
        ("AWS WAF", "202 Accepted", ("x-amzn-waf-action: challenge",), b"", "AWS WAF"),
        (
            "AWS WAF captcha",
            "405 Method Not Allowed",
            ("x-amzn-waf-action: captcha",),
            b"",
            "AWS WAF",
        ),
        (
            "Imperva",
            "200 OK",
            ("X-Iinfo: 1-2-3", "X-CDN: Imperva"),
            b'<html><head><META NAME="robots" CONTENT="noindex,nofollow"></head><iframe '
            b'src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1"></iframe></html>',
            "Imperva",
        ),
    ):
        serve = answer(response(body, HTML, *headers, status=status))
        note = f"The robot wall answers {status[:3]} in place of the service."
        yield Fault(
            f"challenge of {name}", "unknown", "blocked.challenge", serve, words=words, note=note
        )
    serve = answer(response(page("Forbidden"), HTML, "Server: cloudflare", status="403 Forbidden"))
    note = "Behind Cloudflare, and no challenge: the service itself refuses."
    yield Fault("403 behind Cloudflare", "down", "http.error", serve, words="403", note=note)


def expectations() -> Iterator[Fault]:
    """One missed expectation of each kind; the same under `warn` is degraded."""
    report = response(b'{"status": "starting", "queue": 250}', "Content-Type: application/json")
    slow = script(read_head, wait(0.15), send(FINE))
    for name, serve, expected, words in (
        ("status", answer(FINE), {"status": 204}, "200"),
        ("body", answer(FINE), {"body": "Welcome"}, "Welcome"),
        ("header", answer(report), {"header": {"content-type": "text/html"}}, "application/json"),
        ("json", answer(report), {"json": {"$.status": "up"}}, "starting"),
        ("json", answer(FINE), {"json": {"$.status": "up"}}, "JSON"),
        ("latency", slow, {"latency": "100ms"}, "100"),
        ("final_url", answer(FINE), {"final_url": {"contains": "/login"}}, "/login"),
    ):
        cause = f"expect.{name}"
        extra = ", no JSON" if words == "JSON" else ""
        yield Fault(
            f"{name} missed{extra}", "down", cause, serve, {"expect": expected}, words, "Must hold."
        )
        yield Fault(
            f"{name} missed{extra}, warning",
            "degraded",
            cause,
            serve,
            {"warn": expected},
            words,
            "Should hold.",
        )


LIMITED = response(status="429 Too Many Requests")

ROWS = (
    *statuses(),
    Fault(
        "404 wanted",
        "up",
        None,
        answer(response(status="404 Not Found")),
        {"expect": {"status": "4xx"}},
        note="What `expect` allows is no fault.",
    ),
    Fault(
        "429",
        "unknown",
        "blocked.rate_limited",
        answer(LIMITED),
        TWICE,
        words="429",
        note="The retries did not outlast it; the service may be fine for others.",
    ),
    Fault(
        "429 with Retry-After",
        "unknown",
        "blocked.rate_limited",
        answer(response(b"", "Retry-After: 0", status="429 Too Many Requests")),
        TWICE,
        words="429",
        note="The wait asked for was kept, and it was not enough.",
    ),
    Fault(
        "429 once",
        "up",
        None,
        turns((read_head, send(LIMITED)), (read_head, send(FINE))),
        TWICE,
        note="Up, and `flaky`.",
    ),
    Fault(
        "429 wanted",
        "up",
        None,
        answer(LIMITED),
        {"expect": {"status": 429}},
        note="What `expect` allows is no fault, 429 included.",
    ),
    Fault(
        "503 with Retry-After",
        "down",
        "http.error",
        answer(response(b"", "Retry-After: 120", status="503 Service Unavailable")),
        words="503",
        note="The service says when it means to be back: see `retry_after_s`.",
    ),
    Fault(
        "503 once, with Retry-After",
        "up",
        None,
        turns(
            (
                read_head,
                send(response(b"", "Retry-After: 0", status="503 Service Unavailable")),
            ),
            (read_head, send(FINE)),
        ),
        TWICE,
        note="Up, and `flaky`.",
    ),
    *undecodable(),
    *decodable(),
    Fault(
        "dripping gzip",
        "down",
        "http.response.timed_out",
        script(
            read_head,
            send(head("HTTP/1.1 200 OK", "Content-Encoding: gzip") + GZIP[:10]),
            drip(b"\0\0\0\xff\xff"),
        ),
        {"timeout": "300ms"},
        note="Empty stored blocks forever, a byte at a time: nothing to decode, never an end.",
    ),
    *unavailable(),
    *available(),
    *challenges(),
    *expectations(),
)
