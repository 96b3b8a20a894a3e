"""The wire engine: sockets, timing and protocols, one exchange at a time, no task a probe."""
