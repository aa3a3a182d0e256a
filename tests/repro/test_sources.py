"""Definitions of several files as the text of one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx.repro.sources import Sources

DECORATORS = """
def doubled(function):
    def wrapper(x):
        return 2 * function(x)

    return wrapper
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[float], float]]:
    """Write the files of a package and give the function `twice` of its module `use`."""

    def made(name: str, **files: str) -> Callable[[float], float]:
        (tmp_path / name).mkdir()
        for module, text in files.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        function: Callable[[float], float] = importlib.import_module(f"{name}.use").twice
        return function

    return made


def run(sources: Sources, name: str) -> Callable[[float], float]:
    scope: dict[str, Callable[[float], float]] = {}
    exec(sources.code(), scope)
    return scope[name]


def test_a_decorator_of_another_file_stands_in_front_of_what_it_decorates(package: Callable) -> None:
    use = "from .decorators import doubled\n\n\n@doubled\ndef twice(x):\n    return x\n"
    twice = package("decorated", __init__="", decorators=DECORATORS, use=use)
    sources = Sources(is_user=lambda path: "decorated" in path)

    sources.take(twice.__closure__[0].cell_contents)

    assert run(sources, "twice")(3) == 6


def test_what_a_package_hands_on_is_taken_from_where_it_is_defined(package: Callable) -> None:
    handing_on = "from handing.inner import double\n"
    use = "from handing import double\n\n\ndef twice(x):\n    return double(x)\n"
    twice = package("handing", __init__=handing_on, use=use, inner="def double(x):\n    return 2 * x\n")
    sources = Sources(is_user=lambda path: "handing" in path)

    sources.take(twice)

    assert run(sources, "twice")(3) == 6
