"""The outputs of one run together: opened before anything is probed, closed whatever happens."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from msgspec import Struct

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output import formats
from probecli.output.document import Document
from probecli.output.files import AtomicFile, StraightFile, is_straight
from probecli.output.interface import Context, Destination, Options, Output
from probecli.output.specs import Spec, parse_all, placeholders
from probecli.output.stream import Stream, is_terminal, stream_facts
from probecli.output.terminal import terminal_facts


class _Named(Struct, frozen=True):
    output: Output
    is_stdout: bool = False


class Sinks:
    """Every output of a run as one sink, and a context manager that leaves nothing half done.

    An output that fails is dropped and the others go on; `end` raises what failed. Only when the
    reader of standard output has gone (`| head`) and no other output is left, `begin`, `add` and
    `end` raise BrokenPipeError at once: nobody wants the rest.
    """

    def __init__(self, outputs: Sequence[_Named], progress: Output | None = None) -> None:
        # Files before the terminal: whoever stops reading must not keep a file from its place.
        self._outputs = sorted(outputs, key=lambda named: named.is_stdout)
        self._progress = progress
        self._errors: list[Exception] = []
        self._gone: BrokenPipeError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self, run: Run, total: int) -> None:
        """Tell every output that the run starts with `total` selected targets."""
        self._each(lambda output: output.begin(run, total))
        if self._progress:
            self._progress.begin(run, total)

    @property
    def await_results(self) -> bool:
        """Whether anyone is to be told of each result: a document waits for the whole."""
        documents = all(isinstance(named.output, Document) for named in self._outputs)
        return self._progress is not None or not documents

    def add(self, result: Result) -> None:
        """Hand one finished target to every output."""
        self._each(lambda output: output.add(result))
        if self._progress:
            self._progress.add(result)

    def end(self, snapshot: Snapshot) -> None:
        """Finish every output.

        Raises:
            OSError: an output could not be written; its `filename` says which, and its notes
                what failed besides.
            BrokenPipeError: the reader of standard output went away and there was no other.
        """
        self._stop_progress()
        self._each(lambda output: output.end(snapshot))
        if self._errors:
            first, *others = self._errors
            for other in others:
                first.add_note(f"also: {other}")
            raise first

    def close(self) -> None:
        """Drop what is not finished: temporary files, threads, the terminal's hidden cursor."""
        self._stop_progress()
        for named in self._outputs:
            with contextlib.suppress(OSError):
                named.output.close()
        self._outputs = []

    def _stop_progress(self) -> None:
        if self._progress:
            with contextlib.suppress(OSError):
                self._progress.close()
            self._progress = None

    def _each(self, tell: Callable[[Output], None]) -> None:
        if self._gone:
            raise self._gone
        for named in self._outputs:
            try:
                tell(named.output)
            except Exception as error:
                self._drop(named, error)

    def _drop(self, named: _Named, error: Exception) -> None:
        with contextlib.suppress(OSError):
            named.output.close()
        self._outputs = [other for other in self._outputs if other is not named]
        if not (named.is_stdout and isinstance(error, BrokenPipeError)):
            self._errors.append(error)
        elif not self._outputs and not self._errors:
            self._gone = error
            raise error


def open_sinks(
    specs: Sequence[str],
    *,
    stdout: TextIO,
    stderr: TextIO,
    env: Mapping[str, str],
    run: Run,
    now: datetime,
    options: Options = Options(),  # noqa: B008 - frozen
    clock: Callable[[], float] = time.monotonic,
) -> Sinks:
    """Open the outputs of `--output FORMAT[=PATH]...`; without one, what suits standard output.

    In GitHub Actions `github` comes on by itself, on standard error: the runner reads commands
    there as well, and whatever takes standard output gets what was asked for.

    `run` and `now` fill the placeholders of paths; `clock` counts seconds for elapsed time.

    Raises:
        OutputError: a spec that cannot be meant so.
        OSError: a path that cannot be written; its `filename` says which.
    """
    default = "table" if is_terminal(stdout) else "plain"
    parsed = parse_all(specs or (default,), placeholders(run, now))
    context = Context(options=options, env=dict(env), clock=clock)
    opened: list[_Named] = []
    try:
        for spec in parsed:
            destination = destination_of(spec, stdout, env, options, now)
            try:
                output = formats.create(spec.format, destination, context)
            except BaseException:
                destination.discard()
                raise
            opened.append(_Named(output, spec.path is None))
        if env.get("GITHUB_ACTIONS") == "true" and all(one.format != "github" for one in parsed):
            stream = Stream(stderr, name="standard error", env=env, options=options)
            opened.append(_Named(formats.create("github", stream, context)))
    except BaseException:
        Sinks(opened).close()
        raise
    return Sinks(opened, _progress(opened, stdout, stderr, context))


def destination_of(
    spec: Spec, stdout: TextIO, env: Mapping[str, str], options: Options, now: datetime
) -> Destination:
    """Where a spec's bytes go: `stdout`, a device, or a file that appears whole.

    Raises:
        OSError: it cannot be opened.
    """
    if spec.path is None:
        return Stream(stdout, name="standard output", env=env, options=options)
    facts = terminal_facts(env, is_terminal=False, color=options.color)
    if is_straight(spec.path):
        return StraightFile(spec.path, terminal=facts, width=options.width)
    return AtomicFile(spec.path, terminal=facts, width=options.width, now_s=now.timestamp())


def _progress(
    outputs: Sequence[_Named], stdout: TextIO, stderr: TextIO, context: Context
) -> Output | None:
    """The progress line, where a person watches standard error and no results go there."""
    results_on_terminal = is_terminal(stdout) and any(named.is_stdout for named in outputs)
    facts = stream_facts(stderr, context.env, context.options)
    if context.options.quiet or results_on_terminal or not facts.live:
        return None
    from probecli.output.progress import Progress

    stream = Stream(stderr, name="standard error", env=context.env, options=context.options)
    return Progress(stream, context.clock)
