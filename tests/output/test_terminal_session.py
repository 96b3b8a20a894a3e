"""The table and the progress line as a person sees them on a terminal."""

import pytest

from output.pty_session import Session

FINAL_80 = """\
 STATE       NAME                    WHY                                   TIME
 la-poste  3 down
 ✗ down      laposte-www             http.error: 503 Service             640 ms
                                     Unavailable, expected 200-399
 ✗ down      colissimo-suivi         http.error: 503 Service             613 ms
                                     Unavailable, expected 200-399
 ✗ down      digiposte-api           http.error: 503 Service             655 ms
                                     Unavailable, expected 200-399
 la-banque-postale  1 down · 1 unknown
 ✗ down      banque-postale-portail  tcp.timed_out: no answer from        9.4 s
                                     203.0.113.20:443 in 3 s, 3
                                     attempts
 ? unknown   banque-postale-mobile   blocked.challenge: Akamai            88 ms
                                     challenge: “Access Denied”,
                                     reference 18.2f
 bpce  1 down · 1 degraded
 ✗ down      caisse-epargne-portail  content.unavailable: title says     143 ms
                                     “service momentanément
                                     indisponible”
 ◐ degraded  banque-populaire-api    expect.latency: took 1.4 s, should   1.4 s
                                     be under 1 s
 paiement  2 up
 ✓ up        carte-paiement                                               42 ms
 ✓ up        wero                    flaky: up at attempt 2 after        389 ms
                                     tcp.reset

 5 down · 1 unknown · 1 degraded · 2 up  9 targets in 9.5 s from paris-1
 Gate failed: 5 down, 0 allowed (exit code 1)"""


def test_a_finished_run_leaves_one_table_at_80_columns() -> None:
    with Session("outage") as session:
        session.tell("begin 9", "add 9", "end", "quit")

        assert session.finish() == FINAL_80
        assert session.cursor_is_shown


def test_a_wider_terminal_shows_more_columns() -> None:
    with Session("outage", columns=120) as session:
        session.tell("begin 9", "add 9", "end", "quit")
        text = session.finish()

    assert all(word in text.splitlines()[0] for word in ("HTTP", "TRIES", "SLOWEST", "TIME"))
    assert max(map(len, text.splitlines())) < 120


def test_a_running_run_shows_progress_and_what_fails_first() -> None:
    with Session("outage") as session:
        session.tell("begin 9", "add 2")
        text = session.until(lambda text: "2 of 9" in text)

        assert "✗ down      laposte-www      http.error: 503 Service" in text
        assert not session.cursor_is_shown
        session.tell("add 7")
        text = session.until(lambda text: "9 of 9" in text)
        assert text.count("laposte-www") == 1
        session.tell("end", "quit")
        assert session.finish() == FINAL_80


def test_a_large_run_stays_inside_the_terminal() -> None:
    with Session("many", lines=20) as session:
        session.tell("begin 5000", "add 4000")
        text = session.until(lambda text: "4,000 of 5,000 · 500 down · 3,500 up" in text)

        assert "more not up" in text
        assert not session.screen.history.top
        session.tell("add 1000", "end", "quit")
        final = session.finish()
    assert "Gate failed: 500 down" in final
    assert "Causes: " in final
    assert "4,000 of 5,000" not in final
    assert len(final.splitlines()) < 150


@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (60, 24), (80, 12), (40, 10)])
def test_the_table_survives_a_resize(columns: int, lines: int) -> None:
    with Session("outage", columns=100, lines=30) as session:
        session.tell("begin 9", "add 5")
        session.until(lambda text: "5 of 9" in text)
        session.resize(columns, lines)
        session.tell("add 1")
        session.until(lambda text: "6 of 9" in text)
        session.tell("add 1")
        text = session.until(lambda text: "7 of 9" in text)

        assert text.count(" of 9") == 1
        assert text.count("laposte-www") <= 1
        session.tell("end", "quit")
        assert session.finish().count("Gate failed") == 1


def test_a_run_that_breaks_off_leaves_a_sane_terminal() -> None:
    with Session("outage") as session:
        session.tell("begin 9", "add 2")
        session.until(lambda text: "2 of 9" in text)
        session.tell("break")
        text = session.finish()

        assert "laposte-www" in text
        assert session.cursor_is_shown
        assert session.screen.cursor.x == 0
        assert not session.screen.cursor.attrs.fg.startswith("red")


@pytest.mark.parametrize("env", [{"CI": "true"}, {"TERM": "dumb"}])
def test_where_nothing_can_be_redrawn_only_the_finished_table_is_written(
    env: dict[str, str],
) -> None:
    with Session("outage", env=env) as session:
        session.tell("begin 9", "add 9", "end", "quit")

        assert session.finish() == FINAL_80
        assert b"\x1b[?25l" not in session.raw
        assert (b"\x1b[" in session.raw) is ("CI" in env)


def test_no_color_leaves_no_colour_and_all_words() -> None:
    with Session("outage", env={"NO_COLOR": "1", "CI": "1"}) as session:
        session.tell("begin 9", "add 9", "end", "quit")

        assert session.finish() == FINAL_80
        assert b"\x1b" not in session.raw


def test_colour_is_never_alone() -> None:
    with Session("outage") as session:
        session.tell("begin 9", "add 9", "end", "quit")
        session.finish()
        rows = [
            (session.screen.display[y][1:11].split()[-1:], session.screen.buffer[y][1].fg)
            for y in range(24)
            if session.screen.display[y][1] in "✗◐?✓"
        ]

    colors = {"down": "red", "unknown": "magenta", "degraded": "brown", "up": "green"}
    assert rows
    assert all(color == colors[word] for (word,), color in rows)


def test_a_terminal_without_unicode_gets_ascii_signs() -> None:
    with Session("outage", env={"PYTHONIOENCODING": "ascii", "CI": "1"}) as session:
        session.tell("begin 9", "add 9", "end", "quit")
        text = session.finish()

    assert "x down      laposte-www" in text
    assert text.isascii()


def test_a_long_run_shows_progress_on_standard_error_and_takes_it_back() -> None:
    with Session("outage", "json", on=("stderr",)) as session:
        session.tell("begin 9", "add 3")
        session.until(lambda text: "probing 3 of 9 · 3 down" in text)
        session.tell("add 6", "end", "quit")
        assert session.process.stdout
        document = session.process.stdout.read()

        assert session.finish() == ""
        assert b"\x1b" not in document
        assert document.startswith(b"{")


@pytest.mark.parametrize("env", [{"CI": "1"}, {"TERM": "dumb"}])
def test_a_short_run_and_one_in_ci_show_no_progress(env: dict[str, str]) -> None:
    with Session("outage", "json=/dev/null", env=env) as session:
        session.tell("begin 9", "add 9", "end", "quit")

        assert session.finish() == ""
        assert session.raw == b""
