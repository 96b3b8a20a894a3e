"""Redirects followed as browsers do, with cookies, and with no credential across origins.

httpx builds each next request (method rewriting, relative locations, the cookie jar); the rules on
credentials and loops are ours.
"""

from collections.abc import Callable

import httpx

from probecli.model.target import Target
from probecli.probe.call import Call, Origin, encoded, split_url
from probecli.probe.hop import Hop, Send
from probecli.probe.wire.fault import Fault

_CREDENTIALS = ("authorization", "cookie", "proxy-authorization")


class Journey:
    """The hops of one attempt: `hops` in order, `urls` those that redirects led to."""

    def __init__(self, first: Hop) -> None:
        self.hops = [first]
        self.urls: list[str] = []
        self.fault: Fault | None = None

    @property
    def location(self) -> str:
        """Where the last hop points to, as it was sent."""
        return self.hops[-1].header("location") or ""


class HopTransport(httpx.AsyncBaseTransport):
    """The httpx face of the wire engine; the answer to the first request is already there."""

    def __init__(self, send: Send, journey: Journey, left_s: Callable[[], float]) -> None:
        self._send = send
        self._journey = journey
        self._left_s = left_s
        self._primed = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request; of the response httpx sees what redirects and cookies need."""
        if self._primed:
            self._primed = False
        else:
            await request.aread()
            hop = await self._send(call_of(request), self._left_s())
            self._journey.hops.append(hop)
        hop = self._journey.hops[-1]
        wanted = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in hop.headers
            if name in ("location", "set-cookie")
        ]
        return httpx.Response(hop.status or 599, headers=wanted, request=request)


def call_of(request: httpx.Request) -> Call:
    """An httpx request as a call."""
    origin, path, _ = split_url(str(request.url))
    headers = tuple(
        (name.decode("ascii"), value.decode("utf-8", "surrogateescape"))
        for name, value in request.headers.raw
    )
    return Call(request.method, origin, path, headers, request.content)


async def follow(
    first: Hop, call: Call, target: Target, send: Send, left_s: Callable[[], float]
) -> Journey:
    """Follows redirects from `first` on, each within the seconds left.

    A broken journey has its `fault` set.
    """
    journey = Journey(first)
    transport = HopTransport(send, journey, left_s)
    fields = [(encoded(name), encoded(value)) for name, value in call.headers]
    request = httpx.Request(call.method, call.url, headers=fields, content=call.body)
    seen = {_key(request)}
    own_cookie = request.headers.get("cookie")
    trusted = True
    async with httpx.AsyncClient(transport=transport, trust_env=False, headers={}) as client:
        client.headers.clear()
        try:
            while True:
                response = await client.send(request, follow_redirects=False)
                following = response.next_request
                if following is None or journey.hops[-1].failure is not None:
                    return journey
                if len(journey.urls) >= target.max_redirects:
                    raise Fault(
                        "http.response.redirect_loop", f"more than {target.max_redirects} redirects"
                    )
                if not followable(following.url):
                    raise Fault("http.response.invalid", f"unusable Location: {journey.location}")
                trusted = trusted and origin_of(following) == call.origin
                _guard(following, target, own_cookie, trusted=trusted)
                journey.urls.append(str(following.url))
                if _key(following) in seen:
                    raise Fault(
                        "http.response.redirect_loop", f"redirects lead back to {following.url}"
                    )
                seen.add(_key(following))
                request = following
        except (httpx.InvalidURL, httpx.HTTPError, ValueError):
            journey.fault = Fault("http.response.invalid", f"unusable Location: {journey.location}")
        except Fault as fault:
            journey.fault = fault
    return journey


def followable(url: httpx.URL) -> bool:
    """Whether a URL leads to a web server at all."""
    port_is_valid = url.port is None or 0 < url.port < 65536
    return url.scheme in ("http", "https") and bool(url.host) and port_is_valid


def origin_of(request: httpx.Request) -> Origin:
    """Scheme, host and port of a request."""
    return split_url(str(request.url))[0]


def _key(request: httpx.Request) -> tuple[str, str, str | None]:
    """What makes two requests the same; a new cookie makes a new one, as log-ins redirect so.

    A fragment is never sent, and so makes no difference.
    """
    return request.method, str(request.url.copy_with(fragment=None)), request.headers.get("cookie")


def _guard(
    request: httpx.Request, target: Target, own_cookie: str | None, *, trusted: bool
) -> None:
    """Keeps credentials on their origin: once it was left, they never come back.

    Any field that carries a secret counts as a credential, whatever its name.
    """
    jar = request.headers.get("cookie")
    if trusted:
        if own_cookie is not None:
            request.headers["Cookie"] = "; ".join(filter(None, (own_cookie, jar)))
        return
    for name, value in list(request.headers.items()):
        secret = any(text in value for text in target.secrets)
        if name == "cookie":
            continue
        if name in _CREDENTIALS or secret:
            del request.headers[name]
