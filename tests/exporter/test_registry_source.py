"""Functions added to registry files as text: what the user wrote stays, and the file loads and says what it said."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onnxdx.user_functions import registry_file
from onnxdx.user_functions.registry_source import (
    FunctionSource,
    NoRegistryText,
    RegisteredAlready,
    registry_edit,
    with_function,
)
from onnxdx_diagnostics.edits import edited, together

TWIST = FunctionSource(
    "mylib::twist",
    '@registry.op("mylib::twist")\ndef twist(x):\n    """Turns x."""\n    return op.Neg(x)\n',
    ("from onnxscript import opset18 as op",),
)
NEW_FILE = '''\
"""ONNX functions for operators, as `onnxdx export` reads them."""

import math

import onnxdx
from onnxscript import opset18 as op

registry = onnxdx.OnnxRegistry()


@registry.op("mylib::turn")
def turn(x):
    return op.Mul(x, math.pi)
'''
TURN = FunctionSource(
    "mylib::turn",
    '@registry.op("mylib::turn")\ndef turn(x):\n    return op.Mul(x, math.pi)\n',
    ("import math", "from onnxscript import opset18 as op"),
)
_FILES = itertools.count()


def loaded(text: str, folder: Path) -> registry_file.OnnxRegistry:
    path = folder / f"registry_{next(_FILES)}.py"
    path.write_bytes(text.encode())
    return registry_file.load(path, str(folder))


def test_a_new_file_reads_as_a_person_writes_it() -> None:
    assert with_function(None, TURN) == NEW_FILE


def test_a_second_function_comes_behind_the_first_and_imports_nothing_twice() -> None:
    text = with_function(NEW_FILE, TWIST)

    assert text == NEW_FILE + f"\n\n{TWIST.code}"


def test_a_name_that_the_file_has_for_something_else_gets_a_number() -> None:
    before = "import operator as op\n\nfrom onnxdx import OnnxRegistry\n\nregistry = OnnxRegistry()\ntwist = op.neg\n"

    text = with_function(before, TWIST)

    assert "from onnxscript import opset18 as op_2\n" in text
    assert "def twist_2(x):" in text
    assert "return op_2.Neg(x)" in text


def test_a_builtin_that_the_file_hides_is_still_the_builtin_for_the_function() -> None:
    before = "import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n\n\ndef max(x):\n    return x\n"
    code = '@registry.op("mylib::most")\ndef most(x, dim: int = 0):\n    return op.Add(x, max(dim, 1))\n'

    text = with_function(before, FunctionSource("mylib::most", code, TWIST.imports))

    assert "import builtins\n" in text
    assert "op.Add(x, builtins.max(dim, 1))" in text


def test_what_a_function_binds_itself_keeps_its_name() -> None:
    before = "import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\nx = y = 1\n"
    code = '@registry.op("mylib::f")\ndef f(x):\n    y = op.Neg(x)\n    return [y for y in (y,)][0]\n'

    assert with_function(before, FunctionSource("mylib::f", code, TWIST.imports)).endswith(code)


@pytest.mark.parametrize("named", ['"mylib::twist"', '"mylib::twist.default"', "torch.ops.mylib.twist.default"])
def test_an_operator_that_has_a_function_is_refused_with_its_line(named: str) -> None:
    before = f"import onnxdx, torch\n\nregistry = onnxdx.OnnxRegistry()\n\n@registry.op({named})\ndef f(x): ...\n"

    with pytest.raises(RegisteredAlready, match="line 5"):
        with_function(before, TWIST)


def test_a_function_for_complex_tensors_stands_beside_one_for_real_ones(tmp_path: Path) -> None:
    code = TWIST.code.replace('twist")', 'twist", complex=True)')

    text = with_function(with_function(None, TWIST), FunctionSource("mylib::twist", code, TWIST.imports, complex=True))

    assert [entry.complex for entry in loaded(text, tmp_path).entries("mylib::twist")] == [True, False]
    with pytest.raises(RegisteredAlready):
        with_function(text, FunctionSource("mylib::twist", code, TWIST.imports, complex=True))


@pytest.mark.parametrize("text", ["def registry(:\n", "registry = 1\n\\"])
def test_a_file_that_is_no_python_is_refused(text: str) -> None:
    with pytest.raises(NoRegistryText):
        with_function(text, TWIST)


def test_the_edits_of_a_file_make_what_the_text_becomes(tmp_path: Path) -> None:
    path = tmp_path / "registry.py"
    made = edited(registry_edit(path, TURN), {})[str(path)]
    path.write_text(made)

    again = registry_edit(path, TWIST)

    assert made == NEW_FILE
    assert all((each.start_line, each.start_column) == (each.end_line, each.end_column) for each in again)
    assert edited(again, {str(path): made})[str(path)] == with_function(made, TWIST)


WHOLE = "\n\n".join(
    (
        "# Half of it.\nHALF = 0.5\n",
        "def _half(x):\n    return op.Mul(x, HALF)\n",
        '@registry.op("mylib::{name}")\ndef {name}(x):\n    return op.{call}(_half(x))\n',
    )
)


def of_whole(name: str, call: str, code: str = WHOLE) -> FunctionSource:
    return FunctionSource(f"mylib::{name}", code.format(name=name, call=call), TWIST.imports)


def test_helpers_that_the_file_has_are_used_again() -> None:
    text = with_function(with_function(None, of_whole("first", "Neg")), of_whole("second", "Abs"))

    assert text.count("def _half") == text.count("HALF = 0.5") == text.count("# Half of it.") == 1
    assert text.endswith('\n\n\n@registry.op("mylib::second")\ndef second(x):\n    return op.Abs(_half(x))\n')


def test_helpers_that_mean_something_else_are_not(tmp_path: Path) -> None:
    third = WHOLE.replace("0.5", "0.25")

    text = with_function(with_function(None, of_whole("first", "Neg")), of_whole("third", "Abs", third))

    assert "def _half(x):\n    return op.Mul(x, HALF)" in text
    assert "def _half_2(x):\n    return op.Mul(x, HALF_2)" in text
    assert {*loaded(text, tmp_path).user} == {"mylib::first", "mylib::third"}


def test_helpers_of_two_functions_come_once_when_both_are_added_together(tmp_path: Path) -> None:
    path = tmp_path / "registry.py"

    edits = together([registry_edit(path, of_whole("first", "Neg")), registry_edit(path, of_whole("second", "Abs"))])

    text = edited(edits, {})[str(path)]
    assert text.count("def _half") == text.count("HALF = 0.5") == 1
    assert {*loaded(text, tmp_path).user} == {"mylib::first", "mylib::second"}


@pytest.mark.parametrize("before", [None, NEW_FILE.replace("mylib::turn", "mylib::other"), "# mine\n"])
def test_two_functions_for_the_same_file_go_together(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "registry.py"
    if before is not None:
        path.write_text(before)

    edits = together([registry_edit(path, TWIST), registry_edit(path, TURN), registry_edit(path, TWIST)])

    text = edited(edits, {str(path): before or ""})[str(path)]
    assert {"mylib::twist", "mylib::turn"} <= {*loaded(text, tmp_path).user}
    assert text.count("registry = ") == text.count("import onnxdx\n") == text.count("import math\n") == 1


DOCSTRINGS = st.sampled_from(["", '"""My operators."""\n', '#!/usr/bin/env python\n# mine\n\n"""Of two\n\nlines."""\n'])
IMPORTS = st.lists(
    st.sampled_from(
        [
            "import math",
            "import math; import sys",
            "from onnxscript import opset18 as op",
            "from onnxscript import opset18",
            "from onnxscript import (\n    opset17,\n    opset18 as op,\n)",
            "import operator as op",
            "import os as math  # not math",
            "from builtins import *",
            "from typing import \\\n    Any",
        ]
    ),
    max_size=3,
)
REGISTRIES = st.sampled_from(
    [
        "import onnxdx\nregistry = onnxdx.OnnxRegistry()",
        "from onnxdx import OnnxRegistry\n\nregistry: OnnxRegistry = OnnxRegistry()",
        "import onnxdx as dx\nif True:\n    registry = dx.OnnxRegistry()",
        "from onnxdx import OnnxRegistry as onnxdx\nregistry = onnxdx()",
    ]
)
STATEMENTS = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "twist = turn = lambda x: x",
            "def op(x): return x",
            "class twist: pass",
            "math = op = 3",
            "max = min",
            "@registry.op('mylib::mine')\ndef mine(x):\n    return x",
            "# a comment at last",
            "if x_is := 1: pass; y = 2",
            "try:\n    import math as twist\nexcept ImportError:\n    twist = None",
            "def late():\n    global turn\n    turn = 4\nlate()",
            "for twist in (1, 2):\n\tpass",
            "text = '''\nimport nothing\nregistry = 1\n'''",
        ]
    ),
    max_size=3,
    unique=True,
)
ENDS = st.sampled_from(["\n", "", "\n\n\n", "\n    ", "\n# the end"])


@st.composite
def registry_files(draw: st.DrawFn) -> str:
    parts = [*draw(IMPORTS), draw(REGISTRIES), *draw(STATEMENTS)]
    text = draw(DOCSTRINGS) + draw(st.sampled_from(["\n", "\n\n\n"])).join(parts) + draw(ENDS)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registry_files())
def test_whatever_the_file_it_stays_what_it_was_and_knows_the_new_functions(tmp_path: Path, before: str) -> None:
    mine = loaded(before, tmp_path).user

    text = with_function(with_function(before, TURN), TWIST)

    ast.parse(text)
    rest = iter(text.splitlines())
    assert all(line in rest for line in before.splitlines() if line), "lines of the user are gone or in another order"
    assert text.count("\r\n") == (text.count("\n") if "\r\n" in before else 0)
    user = loaded(text, tmp_path).user
    assert {*user} == {*mine, "mylib::turn", "mylib::twist"}
    (turn,), (twist,) = user["mylib::turn"], user["mylib::twist"]
    assert turn.function.func.__globals__[_import_of(turn, "math")].pi > 3
    assert callable(twist.function.func.__globals__[_import_of(twist, "op")].Neg)


def _import_of(entry: registry_file.Entry, name: str) -> str:
    """The name under which a function reads an import."""
    return next(read for read in entry.function.func.__code__.co_names if read.startswith(name))
