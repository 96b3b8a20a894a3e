import os
from typing import Any

import pytest
from hypothesis import settings

from probecli.probe import network
from probecli.probe.wire.system import best_system

# The whole suite stays under two minutes on two cores; `--hypothesis-profile=default` looks longer.
settings.register_profile("quick", max_examples=40)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def forced_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With PROBECLI_PORTABLE set the whole suite runs without what is peculiar to Linux."""
    if os.environ.get("PROBECLI_PORTABLE"):

        def portable_system(loop: Any, *, portable: bool = False) -> Any:
            return best_system(loop, portable=True)

        monkeypatch.setattr(network, "best_system", portable_system)
