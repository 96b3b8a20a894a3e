"""What came before the morning of 22 December, to be replayed on a speeded-up clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta

from msgspec.structs import replace

from probecli.demo.script import MAIN, QUIET, SCENES, SERVICES, Scene


def before_main() -> Iterator[Scene]:
    """The scenes up to the main one, with a last quiet look five minutes before the outage."""
    earlier = [scene for scene in SCENES if scene.at < MAIN.at]
    onset = earlier[-1]
    yield from earlier[:-1]
    yield replace(
        QUIET, at=onset.at - timedelta(minutes=5), title="Monday 22 December: all is well"
    )
    yield onset


def has_stalls(scene: Scene) -> bool:
    """Whether a service keeps its clients waiting until they give up."""
    return any(
        (scene.behaviour(service.name).fault or "").startswith("stall") for service in SERVICES
    )


def clock_of(scene: Scene) -> Callable[[], float]:
    """The demo's clock at this scene: outputs write UTC, and the story is told in Paris time."""
    return scene.at.replace(tzinfo=UTC).timestamp
