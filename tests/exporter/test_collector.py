"""An export has the garbage collector look only at what it makes, and leaves it as it was."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from onnxdx import collector


class Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_there_is_looked_at_only_afterwards() -> None:
    before = weakref.ref(Cycle())

    with collector.spared():
        during = weakref.ref(Cycle())
        gc.collect()

        assert before() is not None
        assert during() is None
    gc.collect()

    assert before() is None


def test_who_has_frozen_objects_himself_keeps_them_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()

    with collector.spared():
        pass

    assert gc.get_freeze_count() == frozen


def test_an_error_inside_leaves_nothing_frozen() -> None:
    with pytest.raises(KeyError), collector.spared():
        raise KeyError

    assert gc.get_freeze_count() == 0
