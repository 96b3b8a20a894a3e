"""httpx with its own pool, limits raised: `httpx_pool.py LIST IN_FLIGHT CA|-`."""

import asyncio
import json
import ssl
import sys

import httpx


async def main(urls: list[str], in_flight: int, authority: str) -> None:
    """Gets every URL once over a fresh connection and prints how many answered 200."""
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=0)
    verify = ssl.create_default_context(cafile=None if authority == "-" else authority)
    left = iter(urls)
    answered = 0

    async def work(client: httpx.AsyncClient) -> None:
        nonlocal answered
        for url in left:
            try:
                response = await client.get(url)
                answered += response.status_code == 200
            except httpx.HTTPError:
                continue

    async with httpx.AsyncClient(
        limits=limits, verify=verify, timeout=10, trust_env=False
    ) as client:
        await asyncio.gather(*(work(client) for _ in range(in_flight)))
    json.dump({"answered": answered}, sys.stdout)


if __name__ == "__main__":
    with open(sys.argv[1]) as listed:
        asyncio.run(main(listed.read().split(), int(sys.argv[2]), sys.argv[3]))
