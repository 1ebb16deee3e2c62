"""Of a long trace a person gets the lines that concern the violation."""

from simulation.tools.digest import digest

NAMES = ("alpha", "beta")
REOPENED = "beta: order 912000000147 went from canceled to new (R2)"


def trace(*lines: tuple[float, str, str]) -> str:
    return "".join(f"{at_s:12.6f}  {who:<12} {what}\n" for at_s, who, what in lines)


def whats(lines: list[str]) -> list[str]:
    return [line[14:].split(None, 1)[1] for line in lines]


def test_an_order_is_followed_by_both_of_its_ids_through_requests_and_their_answers() -> None:
    text = trace(
        (1, "rest", '#31 beta POST /spot/orders? {"text":"t-mubbs670lsuw-6"}'),
        (1, "rest", "#32 beta GET /spot/accounts?"),
        (1, "alpha", "order other-1 912000000001 new 0/1"),
        (2, "rest", "#32 beta -> 200 []"),
        (2, "rest", "#31 beta rest_silent_after"),
        (3, "beta", "order mubbs670lsuw-6 912000000147 new 0/1"),
        (4, "beta", "order mubbs670lsuw-6 912000000147 canceled 0/1"),
        (5, "VIOLATION", REOPENED),
    )
    assert whats(digest(text, REOPENED, NAMES)) == [
        '#31 beta POST /spot/orders? {"text":"t-mubbs670lsuw-6"}',
        "#31 beta rest_silent_after",
        "order mubbs670lsuw-6 912000000147 new 0/1",
        "order mubbs670lsuw-6 912000000147 canceled 0/1",
        REOPENED,
    ]


def test_ids_that_merely_begin_alike_are_other_orders() -> None:
    text = trace(
        (1, "beta", "order x 9120000001470 new 0/1"),
        (2, "beta", "fill 7744006 of 912000000147: 1 at 2"),
        (3, "beta", "fill 7744007 of 1912000000147: 1 at 2"),
    )
    assert whats(digest(text, REOPENED, NAMES)) == ["fill 7744006 of 912000000147: 1 at 2"]


def test_without_an_order_it_is_about_the_account() -> None:
    violation = "beta: is degraded, not live"
    text = trace(
        (0, "scenario", "profile storm"),
        (1, "alpha", "is live"),
        (2, "beta", "is live"),
        (3, "rest", "#4 beta GET /spot/my_trades?currency_pair=SOL_USDTT"),
        (3, "rest", "#5 alpha GET /spot/accounts?"),
        (4, "warning", "connection_attempt_failed name=beta"),
        (4, "debug", "connection_state name=beta"),
        (5, "world", "quiet"),
        (6, "VIOLATION", "alpha: something else"),
        (6, "VIOLATION", violation),
    )
    assert whats(digest(text, violation, NAMES)) == [
        "profile storm",
        "is live",
        "#4 beta GET /spot/my_trades?currency_pair=SOL_USDTT",
        "connection_attempt_failed name=beta",
        "quiet",
        violation,
    ]


def test_of_what_happens_again_and_again_the_first_two_and_the_last_are_there() -> None:
    text = trace(*((at_s, "beta", f"error number {at_s}") for at_s in range(1, 9)))
    assert whats(digest(text, "beta is lost", NAMES)) == ["error number 1", "error number 2", "error number 8"]


def test_of_very_much_the_beginning_and_the_end_are_there_and_what_is_left_out_is_counted() -> None:
    words = [f"{a}{b}" for a in "abcdefghij" for b in "abcdefghij"]
    text = trace(*((1.0, "beta", word) for word in words))
    lines = digest(text, "beta is lost", NAMES, most=10)
    assert whats(lines[:3]) == words[:3]
    assert whats(lines[-6:]) == words[-6:]
    assert "91 such lines left out" in lines[3]
    assert len(lines) == 10


def test_a_long_line_is_cut_to_the_part_that_names_the_order() -> None:
    text = trace((1, "socket", "#2 -> " + "x" * 3000 + ' "id":"912000000147","left":"0.5" ' + "y" * 3000))
    [line] = digest(text, REOPENED, NAMES)
    assert '"id":"912000000147","left":"0.5"' in line
    assert len(line) <= 170
