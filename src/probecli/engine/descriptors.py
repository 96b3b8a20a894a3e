"""File descriptors: as many as the system grants, and never more in flight than that."""

# Standard streams, the event loop, outputs, the resolver's sockets and DNS queries.
_RESERVED = 64
# A second address being tried beside the first (RFC 8305) is a second socket.
_SOCKETS_A_PROBE = 2


def raised_limit() -> int:
    """Raises the soft limit to the hard one and returns it."""
    try:
        import resource
    except ImportError:
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (ValueError, OSError):
            # Some systems (macOS) refuse their own advertised hard limit.
            pass
    return wanted if soft == resource.RLIM_INFINITY else soft


def bounded_in_flight(wanted: int, limit: int) -> int:
    """How many probes fit under a descriptor limit, at least one."""
    return max(1, min(wanted, (limit - _RESERVED) // _SOCKETS_A_PROBE))
