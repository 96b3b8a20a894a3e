import compileall
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import probecli
from probecli.probe import network
from probecli.probe.wire.system import best_system

# The whole suite stays under two minutes on two cores, and says the same of the same code on every
# machine; `--hypothesis-profile=default` looks longer and elsewhere.
settings.register_profile("quick", max_examples=40, derandomize=True, deadline=None)
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    """What the processes that the tests start need: a compiled package, and signals that arrive.

    Started in the background or by `nohup`, a process and all below it ignore some of them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_DFL)
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(probecli.__file__).parent, quiet=2)


def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores: a good part of the tests waits for a server, a process or a time-out."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def forced_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With PROBECLI_PORTABLE set the whole suite runs without what is peculiar to Linux."""
    if os.environ.get("PROBECLI_PORTABLE"):

        def portable_system(loop: Any, *, portable: bool = False) -> Any:
            return best_system(loop, portable=True)

        monkeypatch.setattr(network, "best_system", portable_system)
