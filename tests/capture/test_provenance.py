"""Nodes know their line, their module and their tensors, wherever the user wrote them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from onnxdx.user_code.provenance import SourceMap, dotted, short_dtype
from onnxdx.user_code.stacks import Spot, parse_stack
from onnxdx.values import CaptureMode
from onnxdx_diagnostics.finding import Location

HELPERS = '''
"""Helper functions, a lambda, a comprehension and a decorator; the operators are named after where they stand."""

import functools

import torch

from blocks import Block


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args):
        return torch.neg(function(*args))

    return wrapper


def helper(x):
    return torch.sin(x)


@doubled
def decorated(x):
    return torch.cos(x)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.Sequential(Block(), Block())
        self.step = lambda x: torch.tanh(x)

    def forward(self, x):
        parts = [torch.exp(part) for part in (x, x)]
        x = helper(parts[0]) + decorated(
            x,
        )
        return self.blocks(self.step(x)).abs()


def build():
    return Net(), (torch.rand(2, 4),), {}, {"x": {0: "batch"}}
'''
BLOCKS = """
import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.ModuleDict({"head": torch.nn.Linear(4, 4)})

    def forward(self, x):
        return torch.relu(self.inner["head"](x))
"""


@pytest.fixture
def sites(captured: Callable) -> Callable[[str], object]:
    """The site of the first node of an operator in the program above."""
    program = captured(HELPERS, blocks=BLOCKS).program
    calls = [node for node in reversed(program.exported.graph.nodes) if node.op == "call_function"]
    nodes = {str(node.target).split(".")[1]: node for node in calls}
    return lambda operator: program.sources.site(nodes[operator])


@pytest.mark.parametrize(
    ("operator", "file", "text"),
    [
        ("sin", "program.py", "torch.sin(x)"),
        ("cos", "program.py", "torch.cos(x)"),
        ("neg", "program.py", "torch.neg(function(*args))"),
        ("exp", "program.py", "torch.exp(part)"),
        ("tanh", "program.py", "torch.tanh(x)"),
        ("abs", "program.py", "self.blocks(self.step(x)).abs()"),
        ("relu", "blocks.py", 'torch.relu(self.inner["head"](x))'),
        pytest.param(
            "linear",
            "blocks.py",
            'self.inner["head"](x)',
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="code has columns since Python 3.11"),
        ),
    ],
)
def test_a_node_stands_on_the_innermost_expression_of_the_user(
    operator: str, file: str, text: str, sites: Callable
) -> None:
    location = sites(operator).location

    assert Path(location.path).name == file
    assert text in location.snippet
    if location.end_column:
        assert location.snippet[location.column - 1 : location.end_column - 1] == text


def test_files_with_the_same_text_are_told_apart(captured: Callable) -> None:
    text = """
import torch


class Part(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x)
"""
    program = captured(
        "import torch, first_part, second_part\n"
        "def build():\n"
        "    return torch.nn.Sequential(first_part.Part(), second_part.Part()), (torch.rand(2),)\n",
        first_part=text,
        second_part=text,
    ).program

    relus = [node for node in program.exported.graph.nodes if node.op == "call_function"]
    files = [Path(program.sources.site(node).location.path).name for node in relus]

    assert files == ["first_part.py", "second_part.py"]


def test_frames_run_from_the_model_to_the_innermost_line(sites: Callable) -> None:
    stack = sites("linear").stack

    assert [frame.function for frame in stack if frame.user] == ["forward", "forward"]
    assert [Path(frame.location.path).name for frame in stack] == [
        "program.py",
        "container.py",
        "blocks.py",
        "linear.py",
    ]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code has columns since Python 3.11")
def test_a_node_knows_its_module_and_its_tensors(sites: Callable) -> None:
    site = sites("linear")

    assert site.module == "blocks.0.inner.head"
    assert site.module_class == "torch.nn.modules.linear.Linear"
    assert site.op == "aten.linear.default"
    assert site.values[0] == "x: f32[batch, 4]"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code has columns since Python 3.11")
@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("add", "helper(parts[0]): f32[batch, 4]"),
        ("relu", 'self.inner["head"](x): f32[batch, 4]'),
        ("abs", "self.blocks(self.step(x)): f32[batch, 4]"),
        ("neg", "function(*args): f32[batch, 4]"),
    ],
)
def test_tensors_have_the_names_that_the_user_gives_them_on_that_line(
    operator: str, value: str, sites: Callable
) -> None:
    assert sites(operator).values[0] == value


def test_both_modes_of_capture_agree_on_lines_and_modules(captured: Callable) -> None:
    program = """
import torch

class Inner(torch.nn.Module):
    def forward(self, x):
        return torch.sin(x)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Inner()])

    def forward(self, x, n):
        ROWS
        return self.layers[0](x.repeat(rows))

def build():
    return Net(), (torch.rand(2), torch.tensor(2))
"""
    strict = captured(program.replace("ROWS", "rows = int(n)")).program
    loose = captured(program.replace("ROWS", "rows = n.item()")).program

    assert (strict.mode, loose.mode) == (CaptureMode.STRICT, CaptureMode.NON_STRICT)
    assert _sin(strict) == _sin(loose) == ("layers.0", 6, "torch.sin(x)")


def _sin(program: object) -> tuple[str, int, str]:
    (node,) = (node for node in program.exported.graph.nodes if str(node.target) == "aten.sin.default")
    site = program.sources.site(node)
    place = site.location
    assert program.sources.user_line(node) == (place.path, place.line)
    return program.sources.module_path(node), place.line, place.snippet[place.column - 1 : place.end_column - 1]


def test_a_model_of_an_installed_library_stands_on_the_call(tmp_path: Path) -> None:
    call = Location(str(tmp_path / "script.py"), 7)
    exported = torch.export.export(torch.nn.Linear(2, 2), (torch.rand(1, 2),), strict=False)
    sources = SourceMap(str(tmp_path), call)
    (linear,) = (node for node in exported.graph.nodes if node.op == "call_function")

    site = sources.site(linear)

    assert site.location == call
    assert [Path(frame.location.path).name for frame in site.stack] == ["linear.py"]
    assert not any(frame.user for frame in site.stack)
    assert sources.user_line(linear) is None


def test_installed_code_is_the_users_when_it_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "site-packages" / "model.py")

    assert not SourceMap("", None).is_user(path)
    assert not SourceMap(str(tmp_path), None).is_user(path)
    assert SourceMap("", None, user_files=frozenset([path])).is_user(path)
    assert SourceMap(str(tmp_path / "site-packages"), None).is_user(path)


@pytest.mark.parametrize("path", ["<string>", "", torch.__file__, pytest.__file__, os.__file__])
def test_machinery_is_never_the_users(path: str) -> None:
    assert not SourceMap("", None).is_user(path)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("", ""),
        ("layers.0.lin", "layers.0.lin"),
        ("L__self__", ""),
        ("L__self__.layers.0", "layers.0"),
        ("L['self']._modules['layers'][0].lin", "layers.0.lin"),
        ("L['self'].layers[0]._modules['0']", "layers.0.0"),
        ("_export_root.layers.0@1", "layers.0"),
        ("selfish.layer", "selfish.layer"),
    ],
)
def test_module_paths_are_dotted(raw: str, path: str) -> None:
    assert dotted(raw) == path


def test_a_stack_as_text_becomes_frames(tmp_path: Path) -> None:
    source = tmp_path / "model.py"
    source.write_text("def forward(x):\n        return x.relu() + 1\n")
    first = f'  File "{source}", line 2, in forward\n    return x.relu() + 1\n           ^^^^^^^^\n'
    text = f'{first}  File "{source}", line 1\n'

    spots = list(parse_stack(text))

    assert spots == [Spot(str(source), 2, "forward", 16, 2, 24), Spot(str(source), 1, "")]


@pytest.mark.parametrize(
    ("dtype", "short"),
    [
        (torch.float32, "f32"),
        (torch.bfloat16, "bf16"),
        (torch.int64, "i64"),
        (torch.uint8, "u8"),
        (torch.complex64, "c64"),
        (torch.bool, "bool"),
    ],
)
def test_dtypes_are_short(dtype: torch.dtype, short: str) -> None:
    assert short_dtype(dtype) == short
