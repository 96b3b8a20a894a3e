"""The script is whole, and tells the story of those days."""

from itertools import pairwise

import pytest

from probecli.demo.behaviour import BEHAVIOURS, Outcome
from probecli.demo.script import CONTROL, GROUPS, MAIN, QUIET, SCENES, SERVICES, Scene, expected
from probecli.model.cause import CAUSES


def test_the_main_scene_is_the_story_of_22_december() -> None:
    assert expected(MAIN) == {
        "laposte-portal": Outcome("down", "http.error"),
        "laposte-api": Outcome("down", "http.response.timed_out"),
        "colissimo-portal": Outcome("down", "content.unavailable"),
        "colissimo-api": Outcome("down", "tcp.reset"),
        "digiposte-portal": Outcome("down", "http.error"),
        "digiposte-api": Outcome("down", "http.response.invalid"),
        "banque-postale-portal": Outcome("down", "http.error"),
        "banque-postale-api": Outcome("down", "http.response.timed_out"),
        "caisse-epargne-portal": Outcome("degraded", "expect.latency"),
        "caisse-epargne-api": Outcome("down", "http.error"),
        "banque-populaire-portal": Outcome("down", "http.error"),
        "banque-populaire-api": Outcome("up", flaky=True),
        "card-payment": Outcome("up"),
        "sms-authentication": Outcome("degraded", "expect.certificate_days"),
        "wero": Outcome("up"),
    }


def test_on_a_quiet_day_only_the_certificate_is_worth_a_word() -> None:
    assert {name: outcome for name, outcome in expected(QUIET).items() if outcome.cause} == {
        "sms-authentication": Outcome("degraded", "expect.certificate_days")
    }


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_names_only_services_of_the_script(scene: Scene) -> None:
    assert set(scene.behaviours) <= {CONTROL, *(service.name for service in SERVICES)}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_what_a_scene_expects_is_in_the_vocabulary(scene: Scene) -> None:
    for outcome in expected(scene).values():
        if outcome.cause is None:
            assert outcome.state == "up"
        elif outcome.state != "degraded":
            assert CAUSES[outcome.cause].state == outcome.state
        else:
            assert outcome.cause.startswith("expect.")


def test_scenes_have_names_of_their_own_and_follow_each_other_in_time() -> None:
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(earlier.at < later.at for earlier, later in pairwise(SCENES))
    assert MAIN.at.isoformat() == "2025-12-22T06:10:00+01:00"


def test_payment_is_well_throughout() -> None:
    payment = [service.name for service in SERVICES if service.group == "payment"]
    assert payment
    assert not [scene for scene in SCENES if set(payment) & set(scene.behaviours)]


def test_every_behaviour_is_on_stage_at_some_time() -> None:
    played = {behaviour.name for scene in SCENES for behaviour in scene.behaviours.values()}
    assert played | {"ok"} == {behaviour.name for behaviour in BEHAVIOURS}


def test_services_have_names_and_hosts_of_their_own_and_stand_group_by_group() -> None:
    assert len({service.name for service in SERVICES}) == len(SERVICES)
    assert len({service.host for service in SERVICES}) == len(SERVICES)
    order = [group.name for group in GROUPS]
    groups = [order.index(service.group) for service in SERVICES]
    assert groups == sorted(groups)
