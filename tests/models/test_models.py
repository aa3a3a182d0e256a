"""Every model of the zoo exports with a proven verdict and no findings."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import zoo
from examine import examine

ENTRIES = zoo.entries()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    gc.collect()


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one.quick], ids=lambda one: one.name)
def test_a_quick_model_is_proven_without_a_false_finding(entry: zoo.Entry) -> None:
    row = examine(entry)

    assert row.clean, (row.verdict, row.reason, row.messages)


@pytest.mark.models
@pytest.mark.parametrize("entry", [one for one in ENTRIES if not one.quick], ids=lambda one: one.name)
def test_a_model_is_proven_without_a_false_finding(entry: zoo.Entry) -> None:
    row = examine(entry)

    assert row.clean, (row.verdict, row.reason, row.messages)


def test_the_zoo_is_as_large_as_it_claims() -> None:
    architectures = [one for one in ENTRIES if one.family not in ("plain", "control-flow", "pretrained")]
    whole = [one for one in ENTRIES if {"batch", "sequence"} <= set(one.dims) or {"batch", "source"} <= set(one.dims)]

    assert len({one.name for one in ENTRIES}) == len(ENTRIES)
    assert len(architectures) >= 30
    assert 2 * len([one for one in ENTRIES if one.dims]) >= len(ENTRIES)
    assert len(whole) >= 30
