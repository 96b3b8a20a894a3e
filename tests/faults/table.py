"""The one table of faults: tests and a page of the documentation are made from it."""

from types import ModuleType

from faults.fault import Fault
from faults.rows import (
    certificates,
    content,
    framing,
    handshakes,
    http2,
    kinds,
    names,
    redirects,
    resolvers,
    transport,
)

_MODULES: tuple[ModuleType, ...] = (
    names,
    resolvers,
    transport,
    handshakes,
    certificates,
    framing,
    redirects,
    content,
    http2,
    kinds,
)

SECTIONS: dict[str, tuple[Fault, ...]] = {module.TITLE: module.ROWS for module in _MODULES}
"""The rows by the heading they stand under, in the order in which a connection is made."""

FAULTS: tuple[Fault, ...] = tuple(row for rows in SECTIONS.values() for row in rows)
BY_NAME: dict[str, Fault] = {row.name: row for row in FAULTS}
