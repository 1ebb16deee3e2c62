"""Violations of one kind have one signature, whatever ids, amounts, accounts and markets they are about."""

import pytest

from simulation.tools.signature import signature, signatures


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (
            "alpha: order mubbt2dclcjg-6 went from filled to new (R2)",
            "gamma: order alpha-4711-12 went from filled to new (R2)",
            "ACCOUNT: order # went from filled to new (R2)",
        ),
        (
            "after 90 quiet seconds: alpha: USDT is 12.5 + 3 here, 12.50 + 2E-8 there",
            "after 45.5 quiet seconds: beta: SOL is -1 + 0 here, 7 + 0 there",
            "after # quiet seconds: ACCOUNT: CURRENCY is # + # here, # + # there",
        ),
        (
            "alpha: as told: fill 7744006 of SOL/USDT (order 912000000062) is Fill(symbol=Symbol(base='SOL'), fee=1)",
            "alpha: as told: fill 12 of C3/USDT (order 9) is Fill(symbol=Symbol(base='C3'), fee=0.5)",
            "ACCOUNT: as told: fill # of MARKET (order #) is Fill(...)",
        ),
        (
            "beta is live although its private_rest has been gone for 17 s (R5)",
            "alpha is live although its private_rest has been gone for 31 s (R5)",
            "ACCOUNT is live although its private_rest has been gone for # s (R5)",
        ),
        (
            "alpha: <#457 PlaceOrder(symbol=Symbol(base='SOL'), price=Decimal('1.5')) at 55.1> was lost (R3)",
            "beta: <#3 PlaceOrder(symbol=Symbol(base='ETH'), price=None) at 2> was lost (R3)",
            "ACCOUNT: # PlaceOrder(...) at # was lost (R3)",
        ),
        (
            "alpha: the request (limit sell 2.8 of SOL_USDT at 141, poc) was told 'REPEATED_CREATION'",
            "beta: the request (limit buy 0.1 of ETH_USDT at 3200.5, gtc) was told 'REPEATED_CREATION'",
            "ACCOUNT: the request (limit SIDE # of MARKET at #, TERMS) was told 'REPEATED_CREATION'",
        ),
        ("order 7 outlives it (R6, R13): 3", "order 8 outlives it (R6, R13): 41", "order # outlives it (R6, R13): #"),
    ],
)
def test_what_differs_from_seed_to_seed_is_not_part_of_it(one: str, other: str, kind: str) -> None:
    assert signature(one) == signature(other) == kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alpha: order 7 is filled here, open there", "alpha: order 7 is open here, filled there"),
        ("alpha: order 7 is doubled (R2)", "alpha: order 7 is doubled (R3)"),
        (
            "alpha is live although its private_rest has been gone for 17 s (R5)",
            "alpha is live although its public_rest has been gone for 17 s (R5)",
        ),
    ],
)
def test_what_is_wrong_and_which_rule_it_breaks_is_part_of_it(one: str, other: str) -> None:
    assert signature(one) != signature(other)


def test_of_a_very_long_one_the_beginning_and_the_rule_are_kept() -> None:
    kind = signature("alpha: " + "so it came to pass " * 30 + "(R14)")
    assert kind.startswith("ACCOUNT: so it came")
    assert kind.endswith("... (R14)")
    assert len(kind) == 200


def test_each_kind_comes_with_its_first_violation() -> None:
    assert signatures(["alpha: order 1 is gone", "beta: order 2 is gone", "alpha: 3 sockets left"]) == {
        "ACCOUNT: order # is gone": "alpha: order 1 is gone",
        "ACCOUNT: # sockets left": "alpha: 3 sockets left",
    }
