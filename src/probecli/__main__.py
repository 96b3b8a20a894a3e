"""The way in: `probecli` and `python -m probecli`."""

import os
import sys


def main() -> None:
    """Runs the command line; `--version` alone answers before anything heavy is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from probecli import __version__

        sys.stdout.write(f"probecli {__version__}\n")
        return
    import gc

    # What imports leave behind stays: to look through it again and again is a thirtieth of the
    # start, and of a long run a tenth.
    gc.set_threshold(50_000, 20, 20)
    from probecli.cli.app import run

    try:
        run(sys.argv[1:])
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> None:
    """Ends the process without the interpreter's own ending, which takes 8 to 20 ms.

    Every block that holds something has been left by now. What cannot be flushed, and a code that
    is a text, are left to the interpreter, which knows how to tell of them.
    """
    code = end.code or 0
    if not isinstance(code, int):
        raise end
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        raise end from None
    os._exit(code)


if __name__ == "__main__":
    main()
