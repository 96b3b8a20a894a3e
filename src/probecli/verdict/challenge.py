"""Robot challenges that answer in place of the service, known by their vendors' marks.

A header mark is decisive, with the statuses given where the header also stands on other answers.
A mark in the body counts only with the statuses that the vendor challenges with, since the same
scripts stand on pages that were let through, and with a 2xx only in HTML.
"""

from collections.abc import Mapping

from msgspec import Struct

# A challenge is a small page: marks deep inside a long body belong to something else.
HEAD_BYTES = 16 * 1024


class HeaderMark(Struct, frozen=True):
    """A header that says "challenge": with one of `values` and `statuses`, empty for any."""

    vendor: str
    header: str
    values: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()


class BodyMark(Struct, frozen=True):
    """Texts that all stand in the body of a challenge, with the statuses it comes with.

    `server` is what the Server header must start with besides, in lower case.
    """

    vendor: str
    statuses: tuple[int, ...]
    texts: tuple[bytes, ...]
    server: str = ""


HEADER_MARKS = (
    # developers.cloudflare.com: "Detect a Challenge Page response"
    HeaderMark("Cloudflare", "cf-mitigated", ("challenge",)),
    # docs.aws.amazon.com, WAF: "CAPTCHA and Challenge action behavior"; 202 and 405
    HeaderMark("AWS WAF", "x-amzn-waf-action", ("challenge", "captcha")),
    # docs.datadome.co, "Validate request": set on what DataDome answers itself
    HeaderMark("DataDome", "x-dd-b", statuses=(401, 403, 405, 429)),
    HeaderMark("Vercel", "x-vercel-mitigated", ("challenge",)),
    HeaderMark("Kasada", "x-kpsdk-ct", statuses=(403, 429)),
    HeaderMark("SiteGround", "sg-captcha", ("challenge",)),
)

BODY_MARKS = (
    BodyMark("Cloudflare", (403, 429, 503), (b"_cf_chl_opt",)),
    BodyMark(
        "Cloudflare",
        (403, 429, 503),
        (b"/cdn-cgi/challenge-platform/", b"Just a moment"),
        server="cloudflare",
    ),
    # Akamai Bot Manager's challenge action, as a page and as JSON
    BodyMark("Akamai", (200, 202, 403, 428, 429), (b"sec-if-cpt-container",)),
    BodyMark("Akamai", (403, 428, 429), (b"sec-cp-challenge",)),
    # The edge's deny page; it has the same look for an origin's 5xx, which is no block.
    BodyMark("Akamai", (403,), (b"Access Denied", b"errors.edgesuite.net")),
    BodyMark("Akamai", (403,), (b"Access Denied", b"Reference&#32;&#35;"), server="akamaighost"),
    BodyMark("DataDome", (401, 403, 405, 429), (b"captcha-delivery.com",)),
    # Imperva injects /_Incapsula_Resource into ordinary pages too; the frame and the first of its
    # two keys are those of the challenge.
    BodyMark("Imperva", (200, 403, 503), (b"Incapsula incident ID",)),
    BodyMark("Imperva", (200, 403, 503), (b"<iframe", b'src="/_Incapsula_Resource?')),
    BodyMark("Imperva", (200, 403, 503), (b"/_Incapsula_Resource?SWJIYLWA=5074a744",)),
    BodyMark("HUMAN", (403, 429), (b"px-captcha",)),
    BodyMark("HUMAN", (403, 429), (b"window._pxAppId",)),
    BodyMark("Sucuri", (200, 307, 403, 503), (b"sucuri_cloudproxy_js",)),
    BodyMark("DDoS-Guard", (403, 503), (b"/.well-known/ddos-guard/",), server="ddos-guard"),
    BodyMark("SiteGround", (200, 202), (b"/.well-known/sgcaptcha/",)),
)

_MARKED_HEADERS = frozenset(mark.header for mark in HEADER_MARKS)
_BY_STATUS = {
    status: tuple((mark.texts[0], mark) for mark in BODY_MARKS if status in mark.statuses)
    for status in {status for mark in BODY_MARKS for status in mark.statuses}
}


def challenge(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """What kind of challenge this answer is, with the mark that tells; None for an ordinary one.

    `headers` are by lower-case name.
    """
    if not _MARKED_HEADERS.isdisjoint(headers):
        for mark in HEADER_MARKS:
            value = headers.get(mark.header)
            if (
                value is not None
                and (not mark.values or value.strip().lower() in mark.values)
                and (not mark.statuses or status in mark.statuses)
            ):
                return f"{mark.vendor} challenge ({mark.header}: {value})"
    if status < 300 and "html" not in headers.get("content-type", ""):
        return None
    head = body[:HEAD_BYTES]
    for text, row in _BY_STATUS.get(status, ()):
        if text in head and _fits(row, head, headers):
            words = '" and "'.join(mark.decode("ascii") for mark in row.texts)
            return f'{row.vendor} challenge ("{words}" in a {status} page)'
    return None


def _fits(row: BodyMark, head: bytes, headers: Mapping[str, str]) -> bool:
    server = headers.get("server", "").lower()
    return server.startswith(row.server) and all(text in head for text in row.texts)
