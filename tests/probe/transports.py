"""An httpx transport as what `probe.redirects.follow` sends by, for tests of client logic."""

import time

import httpx

from probecli.model.result import Timings
from probecli.model.target import Target
from probecli.probe.call import Call, encoded, first_call
from probecli.probe.hop import Hop, Send
from probecli.probe.redirects import Journey, follow


def sending_by(transport: httpx.AsyncBaseTransport, sent: list[Call]) -> Send:
    """Sends calls through `transport` and keeps them in `sent`."""

    async def send(call: Call, _: float) -> Hop:
        sent.append(call)
        fields = [(encoded(name), encoded(value)) for name, value in call.headers]
        request = httpx.Request(call.method, call.url, headers=fields, content=call.body)
        response = await transport.handle_async_request(request)
        await response.aread()
        return Hop(
            timings=Timings(wait=1.0),
            status=response.status_code,
            version="HTTP/1.1",
            headers=[
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in response.headers.raw
            ],
            body=response.content,
        )

    return send


async def journey(
    target: Target, transport: httpx.AsyncBaseTransport, patience_s: float = 10.0
) -> tuple[Journey, list[Call]]:
    """The redirects that `target` leads through, and every call that was sent."""
    sent: list[Call] = []
    send = sending_by(transport, sent)
    call = first_call(target)
    deadline = time.monotonic() + patience_s
    first = await send(call, patience_s)
    return await follow(first, call, target, send, lambda: deadline - time.monotonic()), sent
