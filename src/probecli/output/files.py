"""Files that appear whole or not at all."""

import contextlib
import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from probecli.output.terminal import Terminal

FILE_WIDTH = 120
FILE_LINES = 10_000
STALE_S = 60
_DESCRIPTOR = r"/(?:dev|proc/self)/fd/(\d+)"
_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
# What file systems without the notion answer to fsync; nothing is lost that they could keep.
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EBADF})


def descriptor(path: str) -> int | None:
    """The open file descriptor that a path such as `/dev/fd/3` or `/dev/stdout` stands for."""
    if path in _STANDARD:
        return _STANDARD[path]
    match = re.fullmatch(_DESCRIPTOR, path)
    return int(match[1]) if match else None


def is_straight(path: str) -> bool:
    """Whether `path` is written as it is: a device, a FIFO, a socket, an open descriptor."""
    if descriptor(path) is not None:
        return True
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


class UnreadError(OSError):
    """The reader of a FIFO has gone.

    No BrokenPipeError: that is standard output's, whose reader may have read enough (`| head`).
    """


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Errors of the block carry `name` and nothing of how the file is written."""
    try:
        yield
    except BrokenPipeError as error:
        raise UnreadError(error.errno, error.strerror, name) from error
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), name) from error


def _fsync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _fsync(fd)
    finally:
        os.close(fd)


def _remove_stale(folder: Path, prefix: str, now_s: float) -> None:
    """Remove what killed runs left behind: old temporary files that nobody holds locked."""
    for leftover in folder.glob(f"{_literal(prefix)}*.tmp"):
        with contextlib.suppress(OSError):
            fd = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(fd).st_mtime < now_s - STALE_S:
                    leftover.unlink()
            finally:
                os.close(fd)


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


class _File:
    """What the two kinds of file share: a name, no terminal, and a fixed size to fill."""

    _file: BinaryIO

    def __init__(self, path: str, terminal: Terminal, width: int | None) -> None:
        self.name = path
        self.terminal = terminal
        self._width = width or FILE_WIDTH

    def size(self) -> tuple[int, int]:
        """A page's width, and lines without end."""
        return self._width, FILE_LINES

    def write(self, data: bytes) -> None:
        """Append `data`."""
        with _named(self.name):
            self._file.write(data)


class AtomicFile(_File):
    """A file that replaces the one at `path` at once, when all of it is safely on the disk.

    It is written beside the path that `path` leads to (symbolic links are followed), so that a
    folder that cannot be written shows now. Mode 0644 less the umask. `now_s` are seconds since
    the epoch.

    Raises:
        OSError: the folder cannot be made or written; later, the disk is full and the like. The
            former file is then intact.
    """

    def __init__(
        self, path: str, *, terminal: Terminal, width: int | None = None, now_s: float = 0.0
    ) -> None:
        super().__init__(path, terminal, width)
        with _named(path):
            self._target = Path(os.path.realpath(path))
            if self._target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            folder = self._target.parent
            folder.mkdir(parents=True, exist_ok=True)
            # A name may fill its 255 bytes: the temporary one keeps only the start of it.
            prefix = "." + self._target.name.encode()[:100].decode(errors="ignore") + "."
            _remove_stale(folder, prefix, now_s)
            self._temporary = folder / f"{prefix}{os.urandom(6).hex()}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(self._temporary, flags, 0o644)
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file = os.fdopen(fd, "wb", buffering=256 * 1024)

    def commit(self) -> None:
        """Put the file in its place: flushed, synced, renamed, and the folder synced."""
        with _named(self.name):
            try:
                self._file.flush()
                _fsync(self._file.fileno())
                os.replace(self._temporary, self._target)
            except BaseException:
                self.discard()
                raise
            self._file.close()
            _fsync_folder(self._target.parent)

    def discard(self) -> None:
        """Remove the temporary file unless it was committed."""
        if self._file.closed:
            return
        with contextlib.suppress(OSError):
            self._temporary.unlink()
        # What the buffer still holds cannot be written after a full disk: close tries, and fails.
        with contextlib.suppress(OSError):
            self._file.close()


class StraightFile(_File):
    """A device, FIFO or open descriptor: written as it comes, since it cannot be replaced.

    Raises:
        OSError: it cannot be opened. Opening a FIFO waits for its reader, as a shell does.
    """

    def __init__(self, path: str, *, terminal: Terminal, width: int | None = None) -> None:
        super().__init__(path, terminal, width)
        with _named(path):
            number = descriptor(path)
            if number is None:
                fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
            else:
                fd = os.dup(number)
            self._file = os.fdopen(fd, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Write all of `data` at once."""
        view = memoryview(data)
        with _named(self.name):
            while view:
                view = view[self._file.write(view) :]

    def commit(self) -> None:
        """Close it; all was written."""
        with _named(self.name):
            self._file.close()

    def discard(self) -> None:
        """Close it; what was written cannot be taken back."""
        with contextlib.suppress(OSError):
            self._file.close()
