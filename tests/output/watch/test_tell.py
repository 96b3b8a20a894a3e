import asyncio
import json
import shlex
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from output.samples import result
from probecli.output.watch.board import Change, change_document
from probecli.output.watch.notify import NotifyError, message_of, notifier_of
from probecli.output.watch.tell import AT_ONCE, MOST_WAITING, Teller, command_of

AT = "2025-12-22T06:00:00.000Z"
# Of what apprise imports, not of what is tested.
APPRISE_IMPORTS = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def change(name: str = "shop") -> Change:
    return Change(AT, "up", None, result(name, "down", "http.error", "503, expected 200-399"))


def document(one: Change) -> bytes:
    return msgspec.json.encode(change_document(one, "paris-1"))


def told(
    tell: Callable[[Change], Awaitable[str | None]], changes: list[Change], longest_s: float = 20.0
) -> list[str]:
    """What went wrong while `changes` were told."""
    faults: list[str] = []

    async def main() -> None:
        teller = Teller("--on-change", tell, faults.append)
        for one in changes:
            teller(one)
        await teller.close(longest_s)

    asyncio.run(main())
    return faults


def test_the_command_gets_each_change_as_json_on_standard_input(tmp_path: Path) -> None:
    path = shlex.quote(str(tmp_path))
    command = f"f=$(mktemp {path}/XXXXXX); cat > $f"
    names = [f"shop-{number}" for number in range(6)]

    assert told(command_of(command, document), [change(name) for name in names]) == []
    documents = [json.loads(one.read_text()) for one in tmp_path.iterdir()]
    assert sorted(one["name"] for one in documents) == names
    assert {(one["from"], one["to"]) for one in documents} == {("up", "down")}


def test_a_command_that_fails_is_reported_once_with_its_last_word() -> None:
    command = "cat > /dev/null; echo first >&2; echo no such pager >&2; exit 3"

    faults = told(command_of(command, document), [change()] * 5)

    assert faults == ["--on-change: exit code 3: no such pager"]


def test_a_command_that_reads_nothing_is_none_the_worse() -> None:
    assert told(command_of("true", lambda _: b"x" * 1_000_000), [change()]) == []


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    command = f"(sleep 60; touch {shlex.quote(str(alive))}) & wait"

    faults = told(command_of(command, document, longest_s=0.2), [change()])

    assert faults == ["--on-change: took longer than 0.2 s and was killed"]
    assert not alive.exists()


def test_only_so_many_are_told_at_once_and_the_oldest_is_dropped_when_it_backs_up() -> None:
    running: list[int] = []
    most = 0
    names: list[str] = []
    faults: list[str] = []

    async def main() -> None:
        gate = asyncio.Event()

        async def tell(one: Change) -> None:
            nonlocal most
            running.append(1)
            most = max(most, len(running))
            await gate.wait()
            running.pop()
            names.append(one.result.name)

        teller = Teller("--on-change", tell, faults.append)
        for number in range(AT_ONCE):
            teller(change(f"first-{number}"))
        await asyncio.sleep(0)
        for number in range(MOST_WAITING + 5):
            teller(change(f"later-{number}"))
        gate.set()
        await teller.close()

    asyncio.run(main())
    assert most == AT_ONCE
    assert len(names) == AT_ONCE + MOST_WAITING
    assert "later-4" not in names
    assert "later-5" in names
    assert faults == ["--on-change is too slow: changes are dropped"]


def test_what_is_not_told_when_the_watch_ends_is_said() -> None:
    async def tell(_: Change) -> None:
        await asyncio.Event().wait()

    assert told(tell, [change()] * 7, 0.01) == ["--on-change: 7 not told when the watch ended"]


def test_a_message_says_what_why_and_since_when_in_harmless_lines() -> None:
    hostile = Change(AT, "up", None, result("shop\n\x1b[2J", "down", "expect.body", "\x1b]0;x"))
    title, body = message_of(hostile)

    assert title == "DOWN shop \\x1b[2J"
    assert body.splitlines()[:3] == ["up -> down", "expect.body: \\x1b]0;x", f"seen {AT}"]
    assert "\x1b" not in body


@APPRISE_IMPORTS
def test_a_notification_arrives_through_apprise() -> None:
    pytest.importorskip("apprise")
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if len(got) < 2 else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        tell = notifier_of([f"json://127.0.0.1:{http.server_port}/"])
        faults = told(tell, [change()]) + told(tell, [change()])
        http.shutdown()
        thread.join()

    assert got[0]["title"] == "DOWN shop"
    assert got[0]["type"] == "failure"
    assert faults == ["--on-change: a service did not take the notification"]


@APPRISE_IMPORTS
def test_a_url_that_apprise_does_not_know_is_refused_without_its_secret() -> None:
    pytest.importorskip("apprise")
    with pytest.raises(NotifyError, match="number 1 \\(nosuch://…\\)") as refused:
        notifier_of(["nosuch://token-123"])

    assert "token" not in str(refused.value)
