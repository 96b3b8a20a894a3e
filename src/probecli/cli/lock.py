"""One run at a time: a lock file, so that a slow run never overlaps the next."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from probecli.cli.failure import fail, say

_POLL_S = 0.1
_held: set[int] = set()


def _let_go() -> None:
    while _held:
        os.close(_held.pop())


# A worker would hold the lock on after its parent was killed.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


class HeldError(Exception):
    """Another run holds the lock; the text says which."""


@contextmanager
def locked(
    path: str,
    *,
    wait_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Holds the lock at `path` while the block runs, after waiting `wait_s` for it at most.

    The lock is the kernel's (flock), so that it ends with the process, however that ends; no child
    of the process holds it. Raises HeldError when another process keeps it, OSError when the file
    cannot be opened.
    """
    import fcntl

    ends_at = clock() + wait_s
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    _held.add(descriptor)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
                if clock() >= ends_at:
                    raise HeldError(_holder(descriptor)) from None
                sleep(_POLL_S)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        if descriptor in _held:
            _held.remove(descriptor)
            os.close(descriptor)


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return f"process {text}" if text.isdigit() else "another process"


@contextmanager
def alone(path: str | None, wait_s: float, *, quiet: bool) -> Iterator[None]:
    """The block under the lock at `path`, or without one when None.

    When another run holds it, says so and exits with 0: the run under way does this one's work.
    """
    with ExitStack() as stack:
        if path is not None:
            try:
                stack.enter_context(locked(path, wait_s=wait_s))
            except HeldError as holder:
                if not quiet:
                    say(f"probecli: {holder} still holds {path}; this run is left out")
                raise SystemExit(0) from None
            except OSError as error:
                fail(f"probecli: cannot lock {path}: {error.strerror}", 74)
        yield
