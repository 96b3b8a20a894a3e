"""What the demo services send: whole HTTP/1.1 responses, as bytes."""

import json
from http import HTTPStatus
from string import Template

from probecli.demo.behaviour import Behaviour
from probecli.demo.script import Service

_PORTAL = Template("""\
<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title : accueil</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; color: #1d252d }
header, footer { padding: 1rem 2rem; background: #f2f4f6 }
main { padding: 2rem; max-width: 60rem }
</style>
</head>
<body>
<header><strong>$title</strong> <nav><a href="/particuliers">Particuliers</a>
<a href="/professionnels">Professionnels</a> <a href="/aide">Aide</a></nav></header>
<main>
<h1>Bienvenue</h1>
<form action="/recherche"><label>Rechercher <input name="q"></label></form>
<h2>Vos démarches</h2>
<ul>
<li><a href="/suivi">Suivre un envoi ou une opération</a></li>
<li><a href="/espace-client">Accéder à mon espace client</a></li>
<li><a href="/rendez-vous">Prendre rendez-vous</a></li>
</ul>
<h2>À la une</h2>
<p>Pour les fêtes, nos équipes vous accueillent aussi le samedi après-midi.
Pensez à envoyer vos colis avant le 22 décembre.</p>
</main>
<footer><a href="/mentions">Mentions légales</a> <a href="/etat">État des services</a></footer>
</body>
</html>
""")

_HOLDING_PAGE = Template("""\
<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Service momentanément indisponible - $title</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; margin: 0; background: #f6f6f6; color: #20285a }
main { max-width: 34rem; margin: 15vh auto; padding: 2rem; background: #fff;
  border-top: 6px solid #ffcb05; text-align: center }
</style>
</head>
<body>
<main>
<p><strong>$title</strong></p>
<h1>Service momentanément indisponible</h1>
<p>Notre site est actuellement indisponible. Nos équipes travaillent à son rétablissement
dans les meilleurs délais. Merci de votre compréhension.</p>
<p><a href="/">Réessayer</a></p>
</main>
</body>
</html>
""")


def _health(service: Service, up: bool) -> str:
    return json.dumps(
        {
            "service": service.name,
            "status": "up" if up else "down",
            "version": "3.14.2",
            "queue": {"depth": 12 if up else 48210},
        }
    )


def _body(service: Service, behaviour: Behaviour) -> tuple[str, str]:
    if service.kind == "api" and behaviour.status != HTTPStatus.BAD_GATEWAY:
        return "application/json", _health(service, up=not behaviour.holding_page)
    # A gateway in front answers for the service behind it, and knows nothing but pages.
    page = _HOLDING_PAGE if behaviour.holding_page else _PORTAL
    return "text/html; charset=utf-8", page.substitute(title=service.title)


def response(service: Service, behaviour: Behaviour) -> tuple[bytes, bytes]:
    """Head and body that `service` answers under `behaviour`; the head ends with its empty line."""
    content_type, text = _body(service, behaviour)
    body = text.encode()
    status = HTTPStatus(behaviour.status)
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Server: demo",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if behaviour.retry_after_s is not None:
        lines.append(f"Retry-After: {behaviour.retry_after_s}")
    return "\r\n".join((*lines, "", "")).encode(), body
