"""Notifications of changes of state, by apprise: mail, chat, push and a hundred services more."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from probecli.model.cause import State
from probecli.output.watch.board import Change
from probecli.output.watch.tell import Tell
from probecli.output.words import why
from probecli.text import one_line

_TYPES: dict[State, str] = {
    "up": "success",
    "degraded": "warning",
    "down": "failure",
    "unknown": "warning",
}


class NotifyError(ValueError):
    """A `--notify` that cannot work; the text says why and how to mend it."""


def notifier_of(urls: Sequence[str]) -> Tell:
    """A teller that notifies every one of `urls`.

    Raises:
        NotifyError: apprise is not installed, or it does not know a URL; the URL, which may hold
            a token, is told by its scheme alone.
    """
    try:
        import apprise
    except ImportError:
        raise NotifyError(
            "--notify needs a library that is not installed: pip install 'probecli[notify]'"
        ) from None
    # What it logs would be drawn over by the screen; whether it worked is what counts here.
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    services: Any = apprise.Apprise()
    for number, url in enumerate(urls, 1):
        if not services.add(url):
            scheme = one_line(url.partition("://")[0], 30) if "://" in url else ""
            raise NotifyError(
                f"--notify number {number}{f' ({scheme}://…)' if scheme else ''}: "
                "not a URL that apprise knows; see https://github.com/caronc/apprise/wiki"
            )

    async def tell(change: Change) -> str | None:
        title, body = message_of(change)
        # In a thread: some of its services do their work without asyncio.
        sent = await asyncio.to_thread(
            services.notify,
            title=title,
            body=body,
            notify_type=_TYPES[change.result.state],
            body_format=apprise.NotifyFormat.TEXT,
            interpret_escapes=False,
        )
        return None if sent else "a service did not take the notification"

    return tell


def message_of(change: Change) -> tuple[str, str]:
    """Title and body, such as `DOWN laposte-www` and why, since when, where."""
    result = change.result
    word = result.state if result.state == "up" else result.state.upper()
    reason = ": ".join(filter(None, (result.cause, why(result))))
    since = f"since {result.since}" if result.since else f"seen {change.at}"
    parts = (
        f"{change.before or 'new'} -> {result.state}",
        reason,
        since + (f", last ok {result.last_ok}" if result.last_ok else ""),
        result.url,
    )
    return one_line(f"{word} {result.name}", 200), "\n".join(
        one_line(part, 500) for part in parts if part
    )
