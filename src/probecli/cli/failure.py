"""How a command ends that cannot go on: what is wrong, where, and the exit code."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Never

from probecli import __version__


def fail(message: str, code: int) -> Never:
    """Says what is wrong on standard error and exits with `code`."""
    say(message)
    raise SystemExit(code)


def with_streams() -> None:
    """Gives a process that was started with a stream closed (`>&-`) one that leads nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def say(message: str) -> None:
    """A message on standard error, which may be gone."""
    try:
        sys.stderr.write(f"{message.rstrip()}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def guarded(command: Callable[[], object]) -> None:
    """Runs `command`; a fault of our own becomes a short report and exit code 70."""
    try:
        command()
    except BrokenPipeError:
        quiet_exit()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception:
        import traceback

        fail(bug_report([traceback.format_exc()]), 70)


@contextmanager
def writing() -> Iterator[None]:
    """The block that writes outputs: 2 for one that cannot be meant so, 74 for one not written."""
    from probecli.output.specs import OutputError

    try:
        yield
    except OutputError as error:
        fail(f"probecli: {error}", 2)
    except BrokenPipeError:
        quiet_exit()
    except OSError as error:
        fail(not_written(error), 74)


def not_written(error: OSError) -> str:
    """What to tell of an output that could not be written, and of others that failed besides."""
    place = error.filename or "an output"
    notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
    return f"probecli: cannot write {place}: {error.strerror or error}{notes}"


def quiet_exit() -> Never:
    """Ends as a filter does whose reader has gone: 128 + SIGPIPE, and nothing said."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    raise SystemExit(141)


def bug_report(tracebacks: Sequence[str]) -> str:
    """What to tell the maintainers, short: the last lines of the first fault."""
    import platform

    tail = "\n".join(tracebacks[0].rstrip().splitlines()[-8:])
    more = f" ({len(tracebacks)} times)" if len(tracebacks) > 1 else ""
    return (
        f"probecli: a fault in probecli itself{more}; what was measured is kept.\n{tail}\n"
        f"probecli {__version__}, Python {platform.python_version()}, {platform.system()}. "
        "Please report this text to the probecli issue tracker."
    )
