"""File descriptors: as many as the system grants, and never more in flight than that."""

# Standard streams, the event loop, outputs, the resolver's sockets and DNS queries.
_RESERVED = 64
# A second address being tried beside the first (RFC 8305) is a second socket.
_SOCKETS_A_PROBE = 2

# The soft limit that this process was started with, once it has raised it.
_found: int | None = None


def raised_limit() -> int:
    """Raises the soft limit to the hard one and returns it."""
    global _found
    try:
        import resource
    except ImportError:
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _found, soft = soft, wanted
        except (ValueError, OSError):
            # Some systems (macOS) refuse their own advertised hard limit.
            pass
    return wanted if soft == resource.RLIM_INFINITY else soft


def bounded_in_flight(wanted: int, limit: int) -> int:
    """How many probes fit under a descriptor limit, at least one."""
    return max(1, min(wanted, (limit - _RESERVED) // _SOCKETS_A_PROBE))


def give_back_limit() -> None:
    """Sets the soft limit to what it was, for a program that takes this process's place.

    One that calls select() breaks at descriptors from 1,024 on.
    """
    if _found is not None:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_found, hard))


def with_limit_given_back(command: str) -> str:
    """The same for a command of the shell, which this process goes on beside."""
    return command if _found is None else f"ulimit -S -n {_found}\n{command}"
