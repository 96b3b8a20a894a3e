"""The pages of the demo mean to the verdict what they mean to a reader."""

import pytest

from probecli.demo import behaviour as does
from probecli.demo.behaviour import BEHAVIOURS, Behaviour
from probecli.demo.pages import response
from probecli.demo.script import SERVICES, Service
from probecli.verdict.soft import unavailable

PORTALS = [service for service in SERVICES if service.kind == "portal"]
HEADERS = {"content-type": "text/html; charset=utf-8"}


@pytest.mark.parametrize("service", PORTALS, ids=lambda service: service.name)
def test_a_holding_page_is_known_as_one_and_the_portal_is_not(service: Service) -> None:
    _, holding_page = response(service, does.HOLDING_PAGE)
    _, portal = response(service, does.OK)
    assert "indisponible" in (unavailable(HEADERS, holding_page) or "")
    assert unavailable(HEADERS, portal) is None


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_a_holding_page_still_bears_the_name_of_its_service(behaviour: Behaviour) -> None:
    for service in PORTALS:
        assert service.title.encode() in response(service, behaviour)[1]
