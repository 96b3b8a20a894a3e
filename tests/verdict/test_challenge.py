import pytest

from probecli.verdict.challenge import challenge

DENIED = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>"
    b"Reference&#32;&#35;18&#46;5c5c1b17 https&#58;&#47;&#47;errors.edgesuite.net</BODY></HTML>"
)
FRAME = (
    b'<html style="height:100%"><body><iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI'
    b'=22">Request unsuccessful. Incapsula incident ID: 88-12</iframe></body></html>'
)
BEACON = b'<h1>Home</h1><script src="/_Incapsula_Resource?SWJIYLWA=719d34d3&ns=2"></script>'
HTML = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (403, {"cf-mitigated": "challenge"}, b"", "Cloudflare challenge (cf-mitigated: challenge)"),
        (429, {"cf-mitigated": "challenge"}, b"", "Cloudflare challenge (cf-mitigated: challenge)"),
        (503, {}, b"window._cf_chl_opt={", 'Cloudflare challenge ("_cf_chl_opt" in a 503 page)'),
        (
            202,
            {"x-amzn-waf-action": "challenge"},
            b"",
            "AWS WAF challenge (x-amzn-waf-action: challenge)",
        ),
        (
            405,
            {"x-amzn-waf-action": "captcha"},
            b"",
            "AWS WAF challenge (x-amzn-waf-action: captcha)",
        ),
        (403, {"x-dd-b": "1"}, b"", "DataDome challenge (x-dd-b: 1)"),
        (
            403,
            {},
            b"https://geo.captcha-delivery.com/captcha/",
            'DataDome challenge ("captcha-delivery.com" in a 403 page)',
        ),
        (
            403,
            {"x-vercel-mitigated": "challenge"},
            b"",
            "Vercel challenge (x-vercel-mitigated: challenge)",
        ),
        (429, {"x-kpsdk-ct": "0a"}, b"", "Kasada challenge (x-kpsdk-ct: 0a)"),
        (
            200,
            HTML,
            b'<div id="sec-if-cpt-container">',
            'Akamai challenge ("sec-if-cpt-container" in a 200 page)',
        ),
        (
            428,
            {},
            b'{"sec-cp-challenge": "true"}',
            'Akamai challenge ("sec-cp-challenge" in a 428 page)',
        ),
        (
            403,
            {"server": "AkamaiGHost"},
            DENIED,
            'Akamai challenge ("Access Denied" and "errors.edgesuite.net" in a 403 page)',
        ),
        (200, HTML, FRAME, 'Imperva challenge ("Incapsula incident ID" in a 200 page)'),
        (403, {}, b'<div id="px-captcha">', 'HUMAN challenge ("px-captcha" in a 403 page)'),
        (
            200,
            HTML,
            b"<script>sucuri_cloudproxy_js=''",
            'Sucuri challenge ("sucuri_cloudproxy_js" in a 200 page)',
        ),
    ],
)
def test_a_challenge_is_known_by_its_mark(
    status: int, headers: dict[str, str], body: bytes, expected: str
) -> None:
    assert challenge(status, headers, body) == expected


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"server": "cloudflare", "cf-ray": "8f02"} | HTML, b"<h1>Home</h1>"),
        (403, {"server": "cloudflare"}, b"<h1>Forbidden</h1>"),
        (200, HTML, b"window._cf_chl_opt={ and /cdn-cgi/challenge-platform/ Just a moment"),
        (403, {"server": "nginx"}, b"/cdn-cgi/challenge-platform/ Just a moment"),
        (403, {"x-datadome": "protected"}, b"no"),
        (200, {"x-dd-b": "0"}, b"ok"),
        (503, {"server": "AkamaiGHost"}, DENIED),
        (403, {"server": "AkamaiGHost"}, b"<h1>Forbidden</h1>"),
        (200, {"x-iinfo": "1-2-3", "x-cdn": "Imperva"} | HTML, BEACON),
        (200, {"content-type": "application/json"}, FRAME),
        (200, HTML, b"window._pxAppId='PX1'; px-captcha"),
        (403, {"x-vercel-mitigated": "deny"}, b""),
        (200, HTML, b" " * 20_000 + FRAME),
    ],
)
def test_an_ordinary_answer_is_no_challenge(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    assert challenge(status, headers, body) is None
