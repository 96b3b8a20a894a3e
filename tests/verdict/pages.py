"""Pages as servers send them with status 200: those that stand in for a service, and the others."""


def html(title: str, body: str, head: str = "") -> bytes:
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title>{head}</head>"
        f"<body>{body}</body></html>"
    ).encode()


def _links(count: int) -> str:
    return " ".join(f'<a href="/p{number}">Rubrique {number}</a>' for number in range(count))


def _prose(words: int) -> str:
    sentence = "Le courrier et les colis sont distribués chaque jour ouvré dans la commune. "
    return f"<p>{sentence * (words // 12 + 1)}</p>"


HOLDING: dict[str, bytes] = {
    "French bank, heading": html(
        "Banque en ligne",
        "<div class=logo></div><h1>Service momentanément indisponible</h1>"
        "<p>Nos équipes mettent tout en œuvre pour rétablir le service.</p>",
    ),
    "French bank, entities and a tag within": html(
        "Espace client",
        "<h2>Service momentan&eacute;ment&nbsp;<b>indisponible</b></h2><p>Merci d'attendre.</p>",
    ),
    "French site in maintenance, title only": html("Site en maintenance", "<img src=logo.png>"),
    "French services, in a paragraph": html(
        "La Banque", "<div><p>Nos services sont actuellement indisponibles.</p></div>"
    ),
    "French technical difficulties": html(
        "Caisse",
        "<p>Nous rencontrons actuellement des difficultés techniques. Nous vous prions de bien "
        "vouloir nous excuser pour ce désagrément.</p>",
    ),
    "French apology alone": html(
        "Mon espace",
        "<p>Veuillez nous excuser pour la gêne occasionnée.</p><p>Opposition carte : 09 69 39.</p>",
    ),
    "French bare word as title": html("Maintenance - Ma Banque", "<p>À très vite.</p>"),
    "French, capitals and a typographic apostrophe": html(
        "Portail", "<h1>L’APPLICATION EST ACTUELLEMENT EN MAINTENANCE</h1>"
    ),
    "French, Latin-1 without a charset": (
        "<html><head><title>Colissimo</title></head><body><h1>Suivi momentanément "
        "indisponible</h1></body></html>"
    ).encode("latin-1"),
    "French, some advice below and a footer": html(
        "Banque",
        "<nav>" + _links(12) + "</nav><main><p>Le service est temporairement indisponible.</p>"
        "<p>En cas d'urgence, faites opposition au numéro habituel, depuis la France ou "
        "l'étranger, à toute heure, muni de votre numéro de carte.</p></main>"
        "<footer>" + _links(30) + "</footer>",
    ),
    "503 served with 200 by nginx": html(
        "503 Service Temporarily Unavailable",
        "<center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center>",
    ),
    "503 of HAProxy": b"<html><body><h1>503 Service Unavailable</h1>\n"
    b"No server is available to handle this request.\n</body></html>",
    "502 of nginx": html("502 Bad Gateway", "<center><h1>502 Bad Gateway</h1></center>"),
    "English classic": html(
        "Site Maintenance",
        "<article><h1>We&rsquo;ll be back soon!</h1><div><p>Sorry for the inconvenience but "
        "we&rsquo;re performing some maintenance at the moment. If you need to you can always "
        '<a href="mailto:a@b">contact us</a>.</p><p>&mdash; The Team</p></div></article>',
    ),
    "English apology": html(
        "Shop", "<p>We apologise for the inconvenience. Please try again later.</p>"
    ),
    "WordPress": html(
        "Maintenance", "<h1>Briefly unavailable for scheduled maintenance. Check back.</h1>"
    ),
    "with a refresh and scripts": html(
        "Loading",
        "<script>var a='ok'</script><h1>Our website is under maintenance</h1>",
        '<meta http-equiv="refresh" content="30">',
    ),
    "German": html("Kundenportal", "<h1>Wartungsarbeiten</h1><p>Bitte haben Sie Geduld.</p>"),
    "German sentence": html(
        "Portal", "<p>Unsere Seite ist vorübergehend nicht erreichbar. Danke für Ihre Geduld.</p>"
    ),
    "Spanish": html("Banco", "<h1>Página en mantenimiento</h1>"),
    "Italian": html("Poste", "<h2>Sito in manutenzione</h2><p>Torniamo presto.</p>"),
    "Portuguese": html("Correios", "<h1>Serviço temporariamente indisponível</h1>"),
    "Dutch": html("Bank", "<h1>Mijn Bank is tijdelijk niet beschikbaar</h1>"),
    "Dutch bare word": html("Onderhoud", "<p>Tot zo.</p>"),
    "Polish": html("Bank", "<h1>Przerwa techniczna</h1><p>Przepraszamy za utrudnienia.</p>"),
    "Czech": html("Banka", "<p>Služba je dočasně nedostupná.</p>"),
    "Swedish": html("Posten", "<h1>Sidan är tillfälligt otillgänglig</h1>"),
    "Danish": html("Post", "<p>Siden er midlertidigt utilgængelig.</p>"),
    "Greek": html("Τράπεζα", "<h1>Η υπηρεσία είναι προσωρινά μη διαθέσιμη</h1>"),
    "Bulgarian": html("Банка", "<h1>Сайтът е временно недостъпен</h1>"),
    "Romanian": html("Banca", "<h1>Serviciul este temporar indisponibil</h1>"),
    "Hungarian": html("Bank", "<p>Az oldal jelenleg nem elérhető.</p>"),
    "UTF-16 with a mark": html("Site en maintenance", "<p>Bientôt.</p>").decode().encode("utf-16"),
}

WORKING: dict[str, bytes] = {
    "product page": html(
        "Maintenance industrielle - Dupont SA",
        "<h1>Maintenance industrielle</h1><p>Contrats, dépannage et pièces.</p>" + _prose(80),
    ),
    "short product page with a telling first word": html(
        "Maintenance | Dupont",
        "<h1>Maintenance industrielle</h1><p>Nos techniciens interviennent partout.</p>"
        + _links(10),
    ),
    "news article": html(
        "La Poste : service indisponible après une attaque",
        "<h1>La Poste : service indisponible après une attaque</h1>" + _prose(400),
    ),
    "news stub behind a paywall": html(
        "La Poste : service indisponible",
        "<article><h1>La Poste : service indisponible</h1><time>22 décembre</time>"
        + _prose(40)
        + "</article>",
        '<meta property="og:type" content="article">',
    ),
    "portal with a banner of planned work": html(
        "Mon espace",
        "<div class=banner>Maintenance prévue le 3 janvier de 2h à 4h.</div><h1>Bonjour</h1>"
        + _links(9),
    ),
    "English banner of planned work": html(
        "Home", "<p>Planned maintenance on 3 January.</p><h1>Welcome back</h1>" + _links(5)
    ),
    "manual page": html(
        "503 Service Unavailable - HTTP | Docs",
        "<h1>503 Service Unavailable</h1>" + _prose(200),
    ),
    "words in the footer": html(
        "Accueil",
        "<h1>Bienvenue</h1><p>Suivez vos colis.</p><footer>Service momentanément indisponible"
        "</footer>",
    ),
    "words in navigation": html(
        "Accueil", "<nav><h2>Site en maintenance</h2></nav><h1>Bienvenue</h1><p>Suivi.</p>"
    ),
    "words in an aside": html(
        "Accueil", "<h1>Bienvenue</h1><aside>Le chat est temporairement indisponible</aside>"
    ),
    "single-page shell whose script knows the words": html(
        "Portail",
        "<div id=root></div><script>const M={down:'Service momentanément indisponible'}</script>"
        "<noscript>Service unavailable without JavaScript</noscript>",
    ),
    "hidden words": html(
        "Accueil",
        "<h1>Bienvenue</h1><div hidden>Service indisponible</div>"
        '<div style="display:none"><h1>Site en maintenance</h1></div>'
        "<template><h1>Service unavailable</h1></template><p>Suivez vos colis.</p>",
    ),
    "login page with a partial outage": html(
        "Connexion",
        "<h1>Virements momentanément indisponibles</h1><form><input name=u>"
        "<input type=password name=p></form>",
    ),
    "portal with many links and a partial outage": html(
        "Accueil",
        "<h1>Le paiement mobile est momentanément indisponible</h1>" + _links(40),
    ),
    "heading further down": html(
        "Accueil",
        "<h1>Bienvenue</h1><p>Suivez vos colis.</p>"
        + _prose(90)
        + "<h2>Chat momentanément indisponible</h2>",
    ),
    "shop article out of stock": html(
        "Perceuse 18 V",
        '<div itemscope itemtype="https://schema.org/Product"><h1>Perceuse 18 V</h1>'
        "<p>Ce produit est actuellement indisponible.</p></div>",
    ),
    "JSON sent as HTML": b'{"status": "up", "message": "Service unavailable"}',
    "status page": html(
        "Status", "<h1>All systems operational</h1><p>Next scheduled maintenance: none.</p>"
    ),
    "default page": html("Welcome to nginx!", "<h1>Welcome to nginx!</h1><p>Thank you.</p>"),
    "words as part of others": html("Le préservice", "<h1>Autoservice indisponibilités</h1>"),
    "maintenant is not maintenance": html(
        "Commandez", "<h1>Commandez maintenant</h1><p>Livraison demain.</p>"
    ),
    "empty page": b"",
    "a page of tags": b"<html><h1>Site en maintenance</h1>" + b"<div>" * 50_000,
    "career page": html(
        "Technicien de maintenance (h/f)",
        "<h1>Technicien de maintenance</h1><p>Poste en CDI à Lyon, disponible maintenant.</p>",
    ),
    "past outage told": html(
        "Blog", "<h1>Ce que nous avons appris</h1><p>Le 22 décembre, le site est resté fermé.</p>"
    ),
}
