"""What the tests of the range share."""

from collections.abc import Iterator
from typing import Any

import pytest

from faults.fault import running_target
from faults.table import BY_NAME


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The target of the row named by the parameter, while it is served."""
    with running_target(BY_NAME[request.param]) as served:
        yield served
