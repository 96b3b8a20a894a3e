"""The way in: `probecli` and `python -m probecli`."""

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

    run(sys.argv[1:])


if __name__ == "__main__":
    main()
