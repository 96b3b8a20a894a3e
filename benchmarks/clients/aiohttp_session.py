"""aiohttp: `aiohttp_session.py LIST IN_FLIGHT CA|-`."""

import asyncio
import json
import ssl
import sys

import aiohttp  # type: ignore[import-not-found, unused-ignore]


async def main(urls: list[str], in_flight: int, authority: str) -> None:
    """Gets every URL once over a fresh connection and prints how many answered 200."""
    verify = ssl.create_default_context(cafile=None if authority == "-" else authority)
    connector = aiohttp.TCPConnector(limit=in_flight, force_close=True, ssl=verify)
    left = iter(urls)
    answered = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal answered
        for url in left:
            try:
                async with session.get(url) as response:
                    await response.read()
                    answered += response.status == 200
            except (aiohttp.ClientError, TimeoutError):
                continue

    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await asyncio.gather(*(work(session) for _ in range(in_flight)))
    json.dump({"answered": answered}, sys.stdout)


if __name__ == "__main__":
    with open(sys.argv[1]) as listed:
        asyncio.run(main(listed.read().split(), int(sys.argv[2]), sys.argv[3]))
