from typing import Any

import pytest

from probecli.model.cause import CAUSES
from probecli.model.evidence import Evidence
from probecli.model.result import ExpectationResult, Timings
from probecli.model.target import Expectations, Latency, Matcher, Seconds
from probecli.verdict import judge
from probecli.verdict.expectations import TABLE
from verdict.evidence import answer, target

JSON = (("Content-Type", "application/json"),)


def results(evidence: Evidence, **expectations: Any) -> tuple[ExpectationResult, ...]:
    wanted = target(expect=Expectations(**expectations), warn=Expectations())
    return judge(wanted, evidence).expectations


def only(evidence: Evidence, **expectations: Any) -> ExpectationResult:
    (result,) = results(evidence, **expectations)
    return result


def test_every_field_of_the_target_file_has_its_row_and_its_cause() -> None:
    fields = [row.field for row in TABLE]

    assert sorted(fields) == sorted(Expectations.__struct_fields__)
    assert all(f"expect.{field}" in CAUSES for field in fields)


@pytest.mark.parametrize(
    ("matcher", "body", "ok", "name", "expected", "actual"),
    [
        (Matcher(contains="ok"), "it is ok.", True, "body.contains", 'containing "ok"', '"ok."'),
        (Matcher(contains="ok"), "KO", False, "body.contains", 'containing "ok"', '"KO"'),
        (
            Matcher(not_contains="erreur"),
            "<p>une erreur interne",
            False,
            "body.not_contains",
            'not containing "erreur"',
            '"erreur interne"',
        ),
        (Matcher(not_contains="erreur"), "fine", True, "body.not_contains", None, '"fine"'),
        (Matcher(matches=r'"v":\s*3'), '{"v": 3}', True, "body.matches", None, '"{"v": 3}"'),
        (Matcher(matches="^ok$"), "ok\n", False, "body.matches", "matching ^ok$", '"ok "'),
        (Matcher(matches="é+"), "à éé", True, "body.matches", "matching é+", '"éé"'),
        (Matcher(not_matches="indispo"), "x indispo", False, "body.not_matches", None, None),
        (Matcher(equals="ok"), "ok", True, "body.equals", '"ok"', '"ok"'),
        (Matcher(equals="ok"), "ok ", False, "body.equals", '"ok"', '"ok "'),
        (Matcher(equals=3), "3", True, "body.equals", None, None),
        (Matcher(equals=True), "true", True, "body.equals", None, None),
        (Matcher(lt=100), "99.5", True, "body.lt", "< 100", '"99.5"'),
        (Matcher(lt=100), " 100\n", False, "body.lt", None, None),
        (Matcher(gte=1), "many", False, "body.gte", ">= 1", '"many"'),
        (Matcher(ne=1), "nan", False, "body.ne", None, None),
        (Matcher(exists=True), "", True, "body.exists", None, None),
        (Matcher(exists=False), "", False, "body.exists", "not there", "there"),
        (Matcher(matches="(a"), "a", False, "body.matches", None, None),
    ],
)
def test_a_body_is_held_against_a_matcher(
    matcher: Matcher, body: str, ok: bool, name: str, expected: str | None, actual: str | None
) -> None:
    result = only(answer(body=body.encode()), body=matcher)

    assert (result.name, result.ok) == (name, ok)
    assert expected in (None, result.expected)
    assert actual in (None, result.actual)


def test_each_text_of_a_list_is_a_result_of_its_own() -> None:
    found = results(answer(body=b"a c"), body=Matcher(contains=("a", "b"), not_contains=("c",)))

    assert [(result.name, result.ok) for result in found] == [
        ("body.contains", True),
        ("body.contains", False),
        ("body.not_contains", False),
    ]


def test_a_pattern_without_a_meaning_says_so() -> None:
    assert "not an RE2 pattern: missing" in only(answer(), body=Matcher(matches="(a")).actual


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)x"])
def test_a_catastrophic_pattern_ends_at_once(pattern: str) -> None:
    assert not only(answer(body=b"a" * 200_000 + b"!"), body=Matcher(matches=pattern)).ok


@pytest.mark.parametrize(
    ("matcher", "document", "ok"),
    [
        (Matcher(equals="up"), '"up"', True),
        (Matcher(equals=1), "1", True),
        (Matcher(equals=1), "1.0", True),
        (Matcher(equals=1), '"1"', False),
        (Matcher(equals=1), "true", False),
        (Matcher(equals=True), "1", False),
        (Matcher(equals=True), "true", True),
        (Matcher(equals="1"), "1", False),
        (Matcher(), "null", True),
        (Matcher(), "0", False),
        (Matcher(equals=[1, {"a": True}]), '[1, {"a": true}]', True),
        (Matcher(equals=[1, {"a": True}]), '[1, {"a": 1}]', False),
        (Matcher(lt=100), "99", True),
        (Matcher(lt=100), "100", False),
        (Matcher(lt=100), '"99"', False),
        (Matcher(lt=100), "true", False),
        (Matcher(eq=0), "false", False),
        (Matcher(ne=1), "2", True),
        (Matcher(ne=1), '"2"', False),
        (Matcher(gt=1, lte=3), "3", True),
        (Matcher(gt=3, lte=3), "3", False),
        (Matcher(contains="b"), '["a", "b"]', True),
        (Matcher(contains="b"), '["abc"]', False),
        (Matcher(contains="b"), '"abc"', True),
        (Matcher(not_contains="b"), '["b"]', False),
        (Matcher(not_contains="b"), "3", True),
        (Matcher(matches="^u"), '"up"', True),
        (Matcher(matches="3"), "3", False),
        (Matcher(exists=True), "null", True),
        (Matcher(exists=False), "null", False),
    ],
)
def test_json_is_type_strict(matcher: Matcher, document: str, ok: bool) -> None:
    body = f'{{"it": {document}}}'.encode()
    found = results(answer(body=body, headers=JSON), json={"$.it": matcher})

    assert all(result.ok for result in found) == ok
    assert {result.name for result in found} == {"json.$.it"}


@pytest.mark.parametrize(
    ("path", "matcher", "body", "ok", "actual"),
    [
        ("$.gone", Matcher(equals=1), b"{}", False, "no node selected"),
        ("$.gone", Matcher(exists=False), b"{}", True, "no node selected"),
        ("$.gone", Matcher(), b"{}", False, "no node selected"),
        ("$[*]", Matcher(equals=1), b"[1, 1]", True, None),
        ("$[*].s", Matcher(equals="up"), b'[{"s":"up"},{"s":"no"}]', False, "\"no\" at $[1]['s']"),
        ("$.a", Matcher(equals=1), b'{"a": {"b": 1}}', False, "an object of 1"),
        ("$.a", Matcher(equals=1), b"<html>", False, "not JSON: line 1 column 1"),
        ("$.a", Matcher(equals=1), b'{"a":\n tru}', False, "not JSON: line 2 column 6"),
        ("$.a", Matcher(exists=False), b"<html>", False, "not JSON: line 1 column 1"),
        ("$.a", Matcher(equals=1), b'{"a": NaN}', False, "not JSON: line 1 column 7"),
        ("$.a", Matcher(equals=1), b" ", False, "not JSON: empty"),
        ("$.a", Matcher(equals=1), b"[" * 100_000, False, "not JSON: nested too deeply"),
        ("$.a", Matcher(equals=1), b'\xef\xbb\xbf{"a": 1}', True, None),
        ("$..a", Matcher(equals=1), b"[" * 200 + b"]" * 200, False, None),
        ("$[", Matcher(equals=1), b"{}", False, None),
    ],
)
def test_nodes_are_selected_and_every_one_must_match(
    path: str, matcher: Matcher, body: bytes, ok: bool, actual: str | None
) -> None:
    found = results(answer(body=body, headers=JSON), json={path: matcher})

    assert all(result.ok for result in found) == ok
    assert actual in (None, found[0].actual)


def test_many_nodes_are_listed_in_few_lines() -> None:
    body = b"[" + b"1," * 9_999 + b"1]"

    assert len(results(answer(body=body, headers=JSON), json={"$[*]": Matcher(equals=1)})) == 5


@pytest.mark.parametrize(
    ("path", "ok"),
    [
        ("$[?match(@.n, 'a.c')]", True),
        ("$[?match(@.n, 'b')]", False),
        ("$[?search(@.n, 'b')]", True),
        ("$[?search(@.n, 'a[.]c')]", False),
        ("$[?search(@.n, '(a')]", False),
    ],
)
def test_a_query_may_match_and_search(path: str, ok: bool) -> None:
    body = b'[{"n": "abc"}]'

    found = only(answer(body=body, headers=JSON), json={path: Matcher(exists=True)})
    assert found.ok == ok


def test_a_catastrophic_pattern_in_a_query_ends_at_once() -> None:
    body = b'[{"n": "' + b"a" * 200_000 + b'!"}]'

    path = "$[?match(@.n, '(a+)+')]"
    assert not only(answer(body=body, headers=JSON), json={path: Matcher(exists=True)}).ok


@pytest.mark.parametrize(
    ("headers", "matcher", "ok", "actual"),
    [
        ((("X-Tag", "a"),), Matcher(equals="a"), True, '"a"'),
        ((("x-tag", "a"),), Matcher(equals="b"), False, '"a"'),
        ((("X-Tag", "a"), ("x-TAG", "b")), Matcher(equals="a, b"), True, '"a, b"'),
        ((), Matcher(contains="a"), False, "none"),
        ((), Matcher(not_contains="a"), False, "none"),
        ((), Matcher(exists=False), True, "none"),
        ((), Matcher(exists=True), False, "none"),
        ((("X-Tag", ""),), Matcher(exists=True), True, "there"),
    ],
)
def test_headers_are_known_without_case_and_joined(
    headers: tuple[tuple[str, str], ...], matcher: Matcher, ok: bool, actual: str
) -> None:
    result = only(answer(headers=headers), header={"X-Tag": matcher})

    assert (result.name, result.ok, result.actual) == ("header.x-tag", ok, actual)


@pytest.mark.parametrize(
    ("bounds", "timings", "listed"),
    [
        ({"total_s": 1}, Timings(total=999.9), [("latency.total", True)]),
        ({"total_s": 1}, Timings(total=1000.0), [("latency.total", True)]),
        ({"total_s": 1}, Timings(total=1000.1), [("latency.total", False)]),
        (
            {"wait_s": 0.1, "total_s": 4},
            Timings(wait=200.0, total=300.0),
            [("latency.wait", False), ("latency.total", True)],
        ),
        ({"tls_s": 0.1}, Timings(total=300.0), []),
    ],
)
def test_latency_is_bounded_by_phase(
    bounds: dict[str, float], timings: Timings, listed: list[tuple[str, bool]]
) -> None:
    latency = Latency(**{phase: Seconds(bound) for phase, bound in bounds.items()})
    found = results(answer(timings=timings), latency=latency)

    assert [(result.name, result.ok) for result in found] == listed


def test_a_certificate_has_days_left_or_is_not_there() -> None:
    assert only(answer(days=7), certificate_days=7).ok
    assert not only(answer(days=-3), certificate_days=7).ok
    assert results(answer(days=None), certificate_days=7) == ()


def test_a_final_url_is_matched() -> None:
    result = only(answer(), final_url=Matcher(matches=r"^https://api\."))

    assert (result.name, result.ok) == ("final_url.matches", False)
    assert result.actual == '"https://example.org/"'


@pytest.mark.parametrize(
    ("banner", "ok", "actual"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", True, '"SSH-2.0-OpenSSH_9.2 "'),
        (b"220 mail \x1b[2J", False, '"220 mail \\x1b[2J"'),
        (None, False, "no banner"),
    ],
)
def test_a_banner_is_read_as_text(banner: bytes | None, ok: bool, actual: str) -> None:
    evidence = Evidence(timings=Timings(), banner=banner)
    result = only(evidence, banner=Matcher(contains="SSH-2.0"))

    assert (result.name, result.ok, result.actual) == ("banner.contains", ok, actual)


@pytest.mark.parametrize(
    ("records", "ok"),
    [
        (("192.0.2.1", "192.0.2.2"), True),
        (("192.0.2.2", "192.0.2.1"), True),
        (("192.0.2.1",), False),
        (("192.0.2.1", "192.0.2.2", "192.0.2.3"), False),
        (None, False),
    ],
)
def test_records_are_an_exact_set(records: tuple[str, ...] | None, ok: bool) -> None:
    evidence = Evidence(timings=Timings(), records=records)

    assert only(evidence, records=("192.0.2.1", "192.0.2.2")).ok == ok


def test_the_first_missed_of_the_table_names_the_cause() -> None:
    wanted = Expectations(
        body=Matcher(contains="x"), final_url=Matcher(contains="x.y"), latency=Latency()
    )

    assert judge(target(expect=wanted), answer()).cause == "expect.final_url"
