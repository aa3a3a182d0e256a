"""The whole of torch's operators without an ONNX function: most get a proven fix, and none a wrong one."""

from __future__ import annotations

import itertools

import pytest


@pytest.mark.slow
def test_most_operators_that_onnx_can_express_get_a_proven_fix_and_none_a_wrong_one() -> None:
    pytest.importorskip("expecttest", reason="torch's operator database needs it")
    from operator_suite import cases_of_torch, cases_of_users, chosen, outcome

    outcomes = [outcome(case) for case in itertools.chain(cases_of_torch(chosen()), cases_of_users())]

    assert [each for each in outcomes if each.kind == "wrong"] == []
    expressible = [each for each in outcomes if each.kind != "inexpressible"]
    assert len(expressible) > 100
    assert sum(each.kind == "proven" for each in expressible) >= 0.8 * len(expressible)


@pytest.mark.slow
def test_every_custom_operator_with_a_body_in_torch_gets_a_proven_fix() -> None:
    from operator_suite import cases_of_users, outcome

    outcomes = [outcome(case) for case in cases_of_users()]

    assert len(outcomes) >= 10
    assert [each for each in outcomes if each.kind != "proven"] == []
