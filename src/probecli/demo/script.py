"""The script: which services there are, and what each did at which moment of December 2025.

Times and effects follow what operators and press said in those days: La Poste and La Banque
Postale out on 20 December for some four hours, on 22 December from about 06:00, the BPCE banks
a little later and for hours only; card payment, SMS authentication and Wero never. What one
service answered in detail is made up, so that many kinds of fault are there to see.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Literal

from msgspec import Struct, field

from probecli.demo import behaviour as does
from probecli.demo.behaviour import Behaviour, Outcome
from probecli.model.plan import Group

PARIS = timezone(timedelta(hours=1))

GROUPS: tuple[Group, ...] = (
    Group(name="la-poste", title="La Poste Groupe"),
    Group(name="bpce", title="BPCE"),
    Group(name="payment", title="Payment"),
)


class Service(Struct, frozen=True, kw_only=True):
    """One service of the demo; `kind` decides whether it serves a page or JSON."""

    name: str
    title: str
    group: str
    kind: Literal["portal", "api"]
    host: str
    path: str
    tags: tuple[str, ...]
    certificate_days: int = 61


def _portal(name: str, title: str, group: str, host: str, *tags: str) -> Service:
    return Service(
        name=f"{name}-portal",
        title=title,
        group=group,
        kind="portal",
        host=f"www.{host}.test",
        path="/",
        tags=("portal", *tags),
    )


def _api(name: str, title: str, group: str, host: str, *tags: str, days: int = 61) -> Service:
    return Service(
        name=name,
        title=title,
        group=group,
        kind="api",
        host=f"api.{host}.test",
        path="/v1/health",
        tags=("api", *tags),
        certificate_days=days,
    )


SERVICES: tuple[Service, ...] = (
    _portal("laposte", "La Poste", "la-poste", "laposte"),
    _api("laposte-api", "La Poste", "la-poste", "laposte", "mobile"),
    _portal("colissimo", "Colissimo", "la-poste", "colissimo", "parcel"),
    _api("colissimo-api", "Colissimo", "la-poste", "colissimo", "parcel"),
    _portal("digiposte", "Digiposte", "la-poste", "digiposte"),
    _api("digiposte-api", "Digiposte", "la-poste", "digiposte", "mobile"),
    _portal("banque-postale", "La Banque Postale", "la-poste", "labanquepostale", "bank"),
    _api(
        "banque-postale-api", "La Banque Postale", "la-poste", "labanquepostale", "mobile", "bank"
    ),
    _portal("caisse-epargne", "Caisse d'Epargne", "bpce", "caisse-epargne", "bank"),
    _api("caisse-epargne-api", "Caisse d'Epargne", "bpce", "caisse-epargne", "mobile", "bank"),
    _portal("banque-populaire", "Banque Populaire", "bpce", "banquepopulaire", "bank"),
    _api("banque-populaire-api", "Banque Populaire", "bpce", "banquepopulaire", "mobile", "bank"),
    _api("card-payment", "Card payment", "payment", "card-payment"),
    # What nobody looks at while everything else burns.
    _api("sms-authentication", "SMS authentication", "payment", "sms-authentication", days=5),
    _api("wero", "Wero", "payment", "wero", "mobile"),
)
CONTROL = "control"


class Scene(Struct, frozen=True, kw_only=True):
    """What every service does from `at` until the next scene; who is not named is well."""

    name: str
    at: datetime
    title: str
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)

    def behaviour(self, service: str) -> Behaviour:
        """What `service` (a name of SERVICES, or CONTROL) does in this scene."""
        return self.behaviours.get(service, does.OK)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 12, day, hour, minute, tzinfo=PARIS)


_LA_POSTE_22: dict[str, Behaviour] = {
    "laposte-portal": does.UNAVAILABLE,
    "laposte-api": does.STALL_ON_REQUEST,
    "colissimo-portal": does.HOLDING_PAGE,
    "colissimo-api": does.RESET_ON_REQUEST,
    "digiposte-portal": does.UNAVAILABLE_RETRY_AFTER,
    "digiposte-api": does.CLOSE_ON_REQUEST,
    "banque-postale-portal": does.UNAVAILABLE,
    "banque-postale-api": does.STALL_IN_BODY,
}

QUIET = Scene(name="quiet", at=_at(17, 8), title="An ordinary Wednesday")
MAIN = Scene(
    name="22-december",
    at=_at(22, 6, 10),
    title="Monday 22 December, 06:10: La Poste is out, and the BPCE banks follow",
    behaviours={
        **_LA_POSTE_22,
        "caisse-epargne-portal": does.SLOW,
        "caisse-epargne-api": does.BAD_GATEWAY,
        "banque-populaire-portal": does.GATEWAY_TIMEOUT,
        "banque-populaire-api": does.FLAKY,
    },
)
RECOVERY = Scene(
    name="recovery",
    at=_at(24, 12),
    title="Wednesday 24 December: banking is back, parcel tracking still slow",
    behaviours={"colissimo-portal": does.SLOW, "colissimo-api": does.FLAKY},
)

SCENES: tuple[Scene, ...] = (
    QUIET,
    Scene(
        name="18-december",
        at=_at(18, 7, 10),
        title="Thursday 18 December: La Banque Postale and Digiposte fail for two hours",
        behaviours={
            "banque-postale-portal": does.UNAVAILABLE,
            "banque-postale-api": does.UNAVAILABLE,
            "digiposte-portal": does.SLOW,
            "digiposte-api": does.RESET_ON_ACCEPT,
        },
    ),
    Scene(name="18-december-after", at=_at(18, 9, 10), title="Thursday 18 December: well again"),
    Scene(
        name="20-december",
        at=_at(20, 9),
        title="Saturday 20 December: La Poste Groupe is out for four hours",
        behaviours={
            "laposte-portal": does.HOLDING_PAGE,
            "laposte-api": does.UNAVAILABLE,
            "colissimo-portal": does.UNAVAILABLE,
            "colissimo-api": does.STALL_ON_ACCEPT,
            "digiposte-portal": does.UNAVAILABLE_RETRY_AFTER,
            "digiposte-api": does.REFUSE,
            "banque-postale-portal": does.HOLDING_PAGE,
            "banque-postale-api": does.STALL_ON_REQUEST,
        },
    ),
    Scene(name="20-december-after", at=_at(20, 13), title="Saturday 20 December: well again"),
    Scene(
        name="21-december",
        at=_at(21, 18),
        title="Sunday 21 December: one time it works, one time it does not",
        behaviours={
            "laposte-portal": does.SLOW,
            "colissimo-api": does.FLAKY,
            "banque-postale-portal": does.SLOW,
            "banque-postale-api": does.FLAKY,
        },
    ),
    Scene(name="21-december-after", at=_at(21, 22), title="Sunday 21 December: calm"),
    Scene(
        name="22-december-onset",
        at=_at(22, 6),
        title="Monday 22 December, 06:00: La Poste Groupe goes out",
        behaviours=_LA_POSTE_22,
    ),
    MAIN,
    Scene(
        name="22-december-afternoon",
        at=_at(22, 13),
        title="Monday 22 December: the BPCE banks are back, their portals slow",
        behaviours={
            **_LA_POSTE_22,
            "caisse-epargne-portal": does.SLOW,
            "banque-populaire-portal": does.SLOW,
        },
    ),
    RECOVERY,
)


def expected(scene: Scene) -> dict[str, Outcome]:
    """What a run in `scene` must find, by service: its behaviour's outcome, or else the warning
    about a certificate that expires in less than the contract's 14 days.
    """
    outcomes = {service.name: scene.behaviour(service.name).outcome for service in SERVICES}
    for service in SERVICES:
        if service.certificate_days < 14 and outcomes[service.name].state == "up":
            outcomes[service.name] = Outcome(
                "degraded", "expect.certificate_days", outcomes[service.name].flaky
            )
    return outcomes
