"""What a plan holds for what stands in files, on standard input and on the command line."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from probecli import config
from probecli.config.decode import decode
from probecli.model.plan import Group, Plan
from probecli.model.target import Expectations, Latency, Matcher, StatusRange, Target
from probecli.text import redact

HERE = Path(__file__).parent


def plan_of(text: str = "", *sources: str, env: dict[str, str] | None = None) -> Plan:
    return config.load(
        [*(["-"] if text else []), *sources], env=env or {}, stdin=text.encode, cwd=HERE
    )


def target_of(fields: str, **env: str) -> Target:
    return plan_of(f"targets:\n  - {{url: https://h.fr/, {fields}}}\n", env=env).targets[0]


def mistakes_of(text: str, *sources: str, **env: str) -> str:
    with pytest.raises(config.ConfigError) as caught:
        plan_of(text, *sources, env=env)
    return str(caught.value)


def test_a_bare_url_is_a_target_with_what_is_built_in() -> None:
    target = plan_of("targets: [https://h.fr/]").targets[0]
    assert (target.name, target.url, target.kind) == ("https://h.fr/", "https://h.fr/", "http")
    assert (target.timeout_s, target.connect_timeout_s, target.retry.attempts) == (10, 5, 3)
    assert target.expect == Expectations(status=config.parse_statuses("200-399"))
    assert target.warn == Expectations(certificate_days=14)


def test_layers_merge_from_built_in_over_defaults_and_group_to_the_target() -> None:
    plan = plan_of("""
defaults: {timeout: 1s, retry: {attempts: 5, max: 9s}, headers: {accept: a, X-B: b}, tags: [d]}
groups: {g: {title: G, defaults: {retry: {max: 8s}, expect: {body: ok}, tags: [g]}}}
targets:
  - {url: https://h.fr/, group: g, retry: {initial: 1s}, headers: {Accept: t}}
""")
    target = plan.targets[0]
    assert target.timeout_s == 1
    assert (target.retry.attempts, target.retry.max_s, target.retry.initial_s) == (5, 8, 1)
    assert target.headers == {"Accept": "t", "X-B": "b"}
    assert target.tags == ("g",)
    assert target.expect.status is not None
    assert target.expect.body == Matcher(contains="ok")
    assert plan.groups == (Group(name="g", title="G"),)


def test_null_takes_a_layer_below_back() -> None:
    target = target_of("expect: {status: null}, warn: {certificate_days: }, headers: , timeout: ")
    assert target.expect.status is None
    assert target.warn.certificate_days is None
    assert (target.headers, target.timeout_s) == ({}, 10)


def test_a_target_s_own_kind_of_body_or_auth_displaces_the_defaults() -> None:
    target = plan_of("""
defaults: {body: a, auth: {bearer: token}}
targets: [{url: https://h.fr/, json: {a: 1}, auth: {basic: {username: u, password: p}}}]
""").targets[0]
    assert (target.body, target.json) == (None, {"a": 1})
    assert target.auth is not None
    assert target.auth.bearer is None


SHORT_FORMS: dict[str, tuple[str, Any]] = {
    "expect: {body: ok}": ("expect.body", Matcher(contains="ok")),
    "expect: {body: 404}": ("expect.body", Matcher(contains="404")),
    "expect: {body: no}": ("expect.body", Matcher(contains="no")),
    "expect: {header: {X-A: 5}}": ("expect.header", {"X-A": Matcher(equals="5")}),
    'expect: {json: {"$.a": 5}}': ("expect.json", {"$.a": Matcher(equals=5)}),
    'expect: {json: {"$.a": [1]}}': ("expect.json", {"$.a": Matcher(equals=[1])}),
    'expect: {json: {"$.a": null}}': ("expect.json", {"$.a": Matcher()}),
    "expect: {final_url: https://h.fr/}": ("expect.final_url", Matcher(equals="https://h.fr/")),
    "expect: {latency: 200ms}": ("expect.latency", Latency(total_s=config.parse_duration("200ms"))),
    "warn: {latency: {wait: 1}}": ("warn.latency", Latency(wait_s=config.parse_duration(1))),
    "expect: {status: 204}": ("expect.status", (StatusRange(204, 204),)),
    "tags: 2025": ("tags", ("2025",)),
    "retry: {on: 503}": ("retry.on", ("503",)),
    "retry: {on: [tcp.*, 5xx]}": ("retry.on", ("tcp.*", "5xx")),
    "http_version: 1.1": ("http_version", "1.1"),
    "http_version: 2": ("http_version", "2"),
    "ip_version: 6": ("ip_version", "6"),
    "tls: {min_version: 1.3}": ("tls.min_version", "1.3"),
    "method: post": ("method", "POST"),
    "enabled: no": ("enabled", False),
    "follow_redirects: on": ("follow_redirects", True),
    "max_redirects: '7'": ("max_redirects", 7),
    "max_body: 64KiB": ("max_body_bytes", 65536),
    "auth: {basic: {username: a, password: 123456}}": ("auth.basic.password", "123456"),
    "group: NO": ("group", "NO"),
    "name: 2025-12-22": ("name", "2025-12-22"),
    "body: 1:30": ("body", "1:30"),
    "json: {price: 1.10, on: yes}": ("json", {"price": 1.1, "on": "yes"}),
    "resolver: '[2001:db8::1]:53'": ("resolver", "[2001:db8::1]:53"),
}


@pytest.mark.parametrize(("fields", "wanted"), SHORT_FORMS.items(), ids=SHORT_FORMS)
def test_short_forms_mean_what_they_say(fields: str, wanted: tuple[str, Any]) -> None:
    value: Any = target_of(fields)
    for name in wanted[0].split("."):
        value = getattr(value, name)
    assert (value, type(value)) == (wanted[1], type(value))


def test_expectations_that_are_inherited_and_mean_nothing_for_the_kind_are_left_out() -> None:
    plan = plan_of(
        "defaults: {expect: {body: ok}, warn: {latency: 1s}}\ntargets:\n  - tcp://h:25\n"
    )
    assert plan.targets[0].expect == Expectations()
    assert plan.targets[0].warn == Expectations(latency=Latency(total_s=config.parse_duration(1)))


def test_a_ws_target_takes_no_status_but_its_own() -> None:
    plan = plan_of("targets:\n  - wss://a\n  - {url: wss://b, expect: {status: 403}}\n")
    assert [target.expect.status for target in plan.targets] == [
        None,
        config.parse_statuses(403),
    ]


def test_anchors_and_merge_keys_work() -> None:
    plan = plan_of("""
x-slow: &slow {timeout: 30s, retry: {attempts: 1}}
targets:
  - {<<: *slow, url: https://a.fr/}
  - {<<: *slow, url: https://b.fr/, timeout: 1s}
""")
    assert [(target.timeout_s, target.retry.attempts) for target in plan.targets] == [
        (30, 1),
        (1, 1),
    ]


@pytest.mark.parametrize(
    ("fields", "env", "hidden"),
    [
        ('headers: {X-A: "Bearer ${T}"}', "s3cret+/x", ["s3cret+/x", "s3cret%2B%2Fx"]),
        ("auth: {bearer: '${T}'}", "tok en", ["tok en", "tok+en", "tok%20en"]),
        ("body: '${T}'", "a-value", [b64encode(b"a-value").decode(), "YS12YWx1ZQ"]),
        ("json: {a: [{b: '${T}'}]}", 'quo"te', ['quo\\"te']),
        ("form: {a: '${T}'}", "value", ["value"]),
        ("proxy: 'http://${T}@proxy:3128'", "u:proxypass", ["proxypass"]),
        ("auth: {basic: {username: u, password: literal}}", "", ["literal", "dTpsaXRlcmFs"]),
        ("headers: {Authorization: Basic abcdefg}", "", ["abcdefg"]),
    ],
)
def test_secrets_are_hidden_in_every_form(fields: str, env: str, hidden: list[str]) -> None:
    secrets = target_of(fields, T=env).secrets
    assert set(hidden) <= set(secrets)
    assert list(secrets) == sorted(secrets, key=len, reverse=True)


@pytest.mark.parametrize("fields", ["group: '${T}'", "tls: {server_name: '${T}'}", "body: plain"])
def test_what_stands_elsewhere_is_no_secret(fields: str) -> None:
    assert target_of(fields, T="visible").secrets == ()


def test_a_short_value_hides_nothing() -> None:
    assert target_of("headers: {Accept-Language: '${T}'}", T="fr").secrets == ()


@pytest.mark.parametrize(
    ("url", "name", "hidden"),
    [
        ("https://user:pass-word@h.fr/", "https://***@h.fr/", "pass-word"),
        ("https://${T}@h.fr/", "https://***@h.fr/", "s3c:ret"),
        ("https://h.fr/?lang=fr&key=${T}#x", "https://h.fr/?lang=fr&key=***#x", "s3c:ret"),
        ("${U}", "https://***@h.fr/?***", "in-query"),
    ],
)
def test_the_default_name_is_the_url_without_secrets(url: str, name: str, hidden: str) -> None:
    env = {"T": "s3c:ret", "U": "https://me:hush@h.fr/?a=in-query"}
    for text in (f'targets: ["{url}"]', f'targets: [{{url: "{url}"}}]', url):
        target = plan_of(text, env=env).targets[0]
        assert target.name == name
        assert hidden in target.url
        assert hidden not in redact(target.url, target.secrets)


def test_a_secret_in_the_defaults_is_hidden_in_every_target() -> None:
    plan = plan_of(
        "defaults: {headers: {X-A: '${T}'}}\n"
        "targets: [https://a.fr/, {url: https://b.fr/, tags: x}]",
        env={"T": "hunter2"},
    )
    assert all("hunter2" in target.secrets for target in plan.targets)


def test_references_are_replaced_from_environment_default_and_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from file\n")
    (tmp_path / "t.yaml").write_text(
        "targets: [{url: https://h.fr/, headers: {A: '${A}', B: '${B:-dé:-f}', C: '${E:-}x', "
        "D: '$${A} $A $', E: '${file:token}'}}]"
    )
    plan = config.load(["t.yaml"], env={"A": "a", "E": ""}, stdin=bytes, cwd=tmp_path)
    assert plan.targets[0].headers == {
        "A": "a",
        "B": "dé:-f",
        "C": "x",
        "D": "${A} $A $",
        "E": "from file",
    }


def test_a_folder_s_files_merge_and_each_keeps_its_own_defaults(tmp_path: Path) -> None:
    (tmp_path / "00.yaml").write_text(
        "defaults: {timeout: 2s, tags: all}\ngroups: {g: {}}\ntargets: [https://0.fr/]\n"
    )
    (tmp_path / "10.yml").write_text("targets: [{url: https://a.fr/, group: g}]\n")
    (tmp_path / "20.yaml").write_text("defaults: {timeout: 7s}\ntargets: [https://b.fr/]\n")
    (tmp_path / ".hidden.yaml").write_text("nonsense\n")
    (tmp_path / "notes.txt").write_text("nonsense\n")
    plan = config.load([str(tmp_path)], env={}, stdin=bytes, cwd=HERE)
    assert [(one.url, one.timeout_s, one.tags) for one in plan.targets] == [
        ("https://0.fr/", 2, ("all",)),
        ("https://a.fr/", 7, ("all",)),
        ("https://b.fr/", 7, ("all",)),
    ]


def test_the_same_file_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("targets: [https://a.fr/]\n")
    plan = config.load(["t.yaml", "./t.yaml", "."], env={}, stdin=bytes, cwd=tmp_path)
    assert len(plan.targets) == 1


def test_plain_url_lines_are_targets_with_comments_and_without_repeats() -> None:
    plan = plan_of("# ours\n\nhttps://a.fr/  # portal\nb.fr:8443/x#frag\nhttps://a.fr/\n")
    assert [target.url for target in plan.targets] == ["https://a.fr/", "https://b.fr:8443/x#frag"]


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("www.h.fr", "https://www.h.fr"),
        ("localhost:8080/x", "https://localhost:8080/x"),
        ("h.fr:80", "http://h.fr:80"),
        ("[::1]:8443", "https://[::1]:8443"),
        ("tcp://h:25", "tcp://h:25"),
    ],
)
def test_a_url_on_the_command_line_may_be_short(source: str, url: str) -> None:
    assert [target.url for target in plan_of("", source, source).targets] == [url]


def test_a_thing_that_exists_as_a_path_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "www.h.fr").write_text("targets: [https://other.fr/]\n")
    plan = config.load(["www.h.fr"], env={}, stdin=bytes, cwd=tmp_path)
    assert plan.targets[0].url == "https://other.fr/"


def test_urls_that_differ_only_in_their_secrets_are_named_apart() -> None:
    names = [
        target.name for target in plan_of("", "https://a:bcd@h.fr", "https://a:xyz@h.fr").targets
    ]
    assert names == ["https://***@h.fr", "https://***@h.fr (2)"]


def test_files_in_tls_start_from_the_target_file(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "ca.pem").write_text("")
    (tmp_path / "conf" / "t.yaml").write_text(
        "defaults: {tls: {ca_file: ca.pem}}\ntargets: [https://h]"
    )
    plan = config.load(["conf/t.yaml"], env={}, stdin=bytes, cwd=tmp_path)
    assert plan.targets[0].tls.ca_file == str(tmp_path / "conf" / "ca.pem")


def test_settings_of_the_whole_run_are_kept() -> None:
    plan = plan_of("""
vantage: paris-1
history: /var/lib/probecli.db
gate: {fail_on: degraded, max_failures: 10%}
controls: [https://c.fr/, https://c.fr/]
maintenance:
  - {groups: g, targets: [a*], from: 2025-12-23T00:00:00+01:00, until: "2025-12-23 06:00:00 +01:00"}
targets: [{name: a1, url: https://h.fr/}, {name: b, url: https://h.fr/, group: g}]
""")
    window = plan.maintenance[0]
    assert (plan.vantage, plan.history) == ("paris-1", "/var/lib/probecli.db")
    assert (plan.gate.fail_on, plan.gate.max_failures) == ("degraded", "10%")
    assert [control.url for control in plan.controls] == ["https://c.fr/"]
    assert (window.groups, window.targets) == (("g",), ("a1",))
    assert (window.from_s, window.until_s - window.from_s) == (1766444400, 6 * 3600)
    assert plan.config_sha256 is not None
    assert len(plan.config_sha256) == 64


def test_max_failures_stays_a_number() -> None:
    assert plan_of("gate: {max_failures: 3}\ntargets: []").gate.max_failures == 3


def test_two_files_that_disagree_on_a_setting_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("vantage: a\n")
    (tmp_path / "b.yaml").write_text("vantage: b\n")
    with pytest.raises(config.ConfigError, match=r"b.yaml:1:10: vantage: .* at a.yaml:1:10"):
        config.load(["."], env={}, stdin=bytes, cwd=tmp_path)


def test_a_group_needs_no_declaration_where_none_is_declared() -> None:
    assert plan_of("targets: [{url: https://h.fr/, group: new}]").groups == (
        Group(name="new", title="new"),
    )


def test_default_sources_look_here_and_then_in_the_user_s_folder(tmp_path: Path) -> None:
    own = tmp_path / ".config" / "probecli" / "targets.yaml"
    own.parent.mkdir(parents=True)
    own.touch()
    home = {"HOME": str(tmp_path)}
    assert config.default_sources(home, tmp_path) == [str(own)]
    assert config.default_sources(home | {"XDG_CONFIG_HOME": "/nowhere"}, tmp_path) == []
    assert config.default_sources({}, tmp_path) == []
    (tmp_path / "targets.yaml").touch()
    assert config.default_sources(home, tmp_path) == ["targets.yaml"]


SELECTABLE = """
targets:
  - {name: a-1, url: https://h.fr/, group: g, tags: [x, y]}
  - {name: a-2, url: https://h.fr/, group: h, tags: [y]}
  - {name: "[b]", url: https://h.fr/, enabled: false}
  - {name: "[c]", url: https://h.fr/}
"""


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["a-1", "a-2", "[c]"]),
        ({"groups": ["g", "h"]}, ["a-1", "a-2"]),
        ({"groups": ["g"], "tags": ["y"]}, ["a-1"]),
        ({"tags": ["x", "z"]}, ["a-1"]),
        ({"names": ["a-*"], "groups": ["h"]}, ["a-2"]),
        ({"names": ["[c]"]}, ["[c]"]),
        ({"names": ["[b]"]}, []),
    ],
)
def test_select_takes_any_value_of_an_option_and_every_option(
    chosen: dict[str, list[str]], names: list[str]
) -> None:
    assert [one.name for one in config.select(plan_of(SELECTABLE), **chosen).targets] == names


def test_override_has_the_last_word() -> None:
    plan = config.override(plan_of("targets: [https://h.fr/]"), timeout_s=1.5, retries=0)
    assert (plan.targets[0].timeout_s, plan.targets[0].retry.attempts) == (1.5, 1)


def test_plain_urls_need_no_yaml_and_no_patterns() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from pathlib import Path; from probecli import config\n"
        "config.load(['https://h.fr/'], env={}, stdin=bytes, cwd=Path())\n"
        "print(sorted({'yaml', 're2', 'jsonpath_rfc9535', 'idna'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_template_and_example_load_and_fit_the_schema() -> None:
    from jsonschema import Draft202012Validator

    from probecli.config.yamltree import read

    schema = config.schema()
    Draft202012Validator.check_schema(schema)
    example = (HERE.parents[1] / "targets.example.yaml").read_text(encoding="utf-8")
    for text in (config.template(), example):
        assert plan_of(text).targets
        Draft202012Validator(schema).validate(read(text))


def test_every_field_is_described_in_the_schema() -> None:
    definitions = config.schema()["$defs"]
    for definition in definitions.values():
        for field in definition.get("properties", {}).values():
            assert field["description"]


def test_decode_tells_a_mistake_for_whatever_it_does_not_take() -> None:
    told: list[str] = []
    assert decode(5, Target, lambda _, problem, **__: told.append(problem)) is None
    assert told == ["expected a mapping, not the number `5`"]
