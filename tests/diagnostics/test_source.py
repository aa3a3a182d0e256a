"""Regions of source: the expression behind an operator on a line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Location

SOURCE = """\
class Net:
    def forward(self, x, y):
        z = self.norm(x.sum(dim=1) + y.sum() * 2)
        if z.mean() > 0 and y[0] == 3:
            return x.T @ y[:, 1:]
        ä = "日本" + f(torch.softmax(z, -1)); x[0] = -y
        w = (
            x
            .view(2, 3)
            .sum(dim=(0,
                      1))
        )
        return int(w.item()) // 2
"""


def text_of(location: Location) -> str:
    rows = location.snippet.split("\n")
    rows[-1] = rows[-1][: location.end_column - 1]
    rows[0] = rows[0][location.column - 1 :]
    return "\n".join(rows)


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "net.py"
    file.write_text(SOURCE, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("line", "hint", "expected"),
    [
        (3, "aten.sum.dim_IntList", "y.sum()"),
        (3, "aten::add.Tensor", "x.sum(dim=1) + y.sum() * 2"),
        (3, "mul", "y.sum() * 2"),
        (3, "norm", "self.norm(x.sum(dim=1) + y.sum() * 2)"),
        (3, "", "z = self.norm(x.sum(dim=1) + y.sum() * 2)"),
        (3, "aten.erfinv.default", "z = self.norm(x.sum(dim=1) + y.sum() * 2)"),
        (4, "if", "z.mean() > 0 and y[0] == 3"),
        (4, "aten.gt.Scalar", "z.mean() > 0"),
        (4, "eq_2", "y[0] == 3"),
        (4, "aten.select.int", "y[0]"),
        (4, "", "if z.mean() > 0 and y[0] == 3:"),
        (5, "aten.mm.default", "x.T @ y[:, 1:]"),
        (5, "aten.t.default", "x.T"),
        (5, "aten.slice.Tensor", "y[:, 1:]"),
        (6, "aten._softmax.default", "torch.softmax(z, -1)"),
        (6, "operator.neg", "-y"),
        (6, "aten.copy_.default", "x[0]"),
        (9, "aten.view.default", "view(2, 3)"),
        (10, "sum_3", "sum(dim=(0,\n                      1))"),
        (13, "aten._local_scalar_dense.default", "w.item()"),
        (13, "<built-in function floordiv>", "int(w.item()) // 2"),
        (1, "", "class Net:"),
    ],
)
def test_region_is_the_smallest_expression_that_fits_the_operator(
    path: str, line: int, hint: str, expected: str
) -> None:
    assert text_of(source.region(path, line, hint)) == expected


def test_columns_count_code_points(path: str) -> None:
    location = source.region(path, 6, "softmax")

    assert SOURCE.split("\n")[5][location.column - 1 :].startswith("torch.softmax")


def test_unreadable_file_gives_a_bare_location() -> None:
    assert source.region("/no/such/file.py", 7, "sum") == Location("/no/such/file.py", 7)
    assert source.region("<eval_with_key>.1", 7, "sum") == Location("<eval_with_key>.1", 7)
    assert source.region("nul\0.py", 7, "sum") == Location("nul\0.py", 7)


def test_file_that_does_not_parse_gives_the_whole_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def f(:\n    return x.sum()\n")

    assert text_of(source.region(str(file), 2, "sum")) == "return x.sum()"


def test_edited_file_is_read_again(path: str) -> None:
    source.region(path, 1)
    Path(path).write_text("y = x.sum()\n")
    os.utime(path, ns=(1, 1))

    assert text_of(source.region(path, 1, "sum")) == "x.sum()"


def test_line_beyond_the_end_is_a_bare_location(path: str) -> None:
    assert source.region(path, 999) == Location(path, 999)
    assert source.region(path, 0) == Location(path, 1)


def test_any_bytes_are_survived(tmp_path: Path) -> None:
    for content in (b"\xff\xfe\x00", b"# coding: nonsense\nx\n", b"\xef\xbb\xbfx = y.sum()\r\n", b"", b"\x0cx = 1\n"):
        file = tmp_path / f"{len(content)}.py"
        file.write_bytes(content)

        assert source.region(str(file), 1, "sum").line == 1


def test_definition_of_a_target(path: str) -> None:
    assert source.definition(path, "Net") == 1
    assert source.definition(path, "nothing") is None


OPERANDS = """\
import torch
import numpy as np
from torch.nn import functional as F

def f(self, x, y, n, z):
    [HERE]
"""


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("x + y", ("x", "y")),
        ("x + x", ("x",)),
        ("1 - x", ("x",)),
        ("x > y", ("x", "y")),
        ("-x", ("x",)),
        ("x[:, 0]", ("x",)),
        ("x[y, :]", ("x", "y")),
        ("x[n:]", ()),
        ("torch.where(x > 0, x, y)", ("x > 0", "x", "y")),
        ("torch.cat([x, y], dim=1)", ("x", "y")),
        ("torch.special.i1(x)", ("x",)),
        ("x.scatter(0, y, z)", ("x", "y", "z")),
        ("x.sum()", ("x",)),
        ("F.relu(x)", ("x",)),
        ("F.embedding(x, y)", ()),
        ("g(x)", ("x",)),
        ("g(x, y)", ()),
        ("self.norm(x)", ("x",)),
        ("self.table.mul(x)", ()),
        ("self.table.sum()", ("self.table",)),
        ("torch.where(input=x, condition=y)", ()),
        ("torch.cat([a for a in x])", ()),
        ("torch.add(*x)", ()),
    ],
)
def test_operands_are_told_when_the_source_leaves_no_doubt(code: str, written: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text(OPERANDS.replace("[HERE]", f"r = {code}"))

    place = Location(str(file), 6, 9, 6, 9 + len(code))

    assert source.operands(place) == written
    assert source.assigned_to(place) == "r"


def test_variables_that_an_expression_reads(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("größe = f(a, b.c)\n")

    assert source.names_read(Location(str(file), 1, 9, 1, 18)) == {"f", "a", "b"}
    assert source.names_read(Location(str(file), 1, 9, 1, 17)) == set()
    assert source.assigned_to(Location(str(file), 1, 9, 1, 18)) == "größe"


def test_variables_of_some_lines(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("y = (x.shape[0] +\n    self.block.bias.sum() + f(x, 'z', k=1)[i])\nfor n in range(m):\n    pass\n")

    assert source.reads(str(file), 1, 2) == (
        ("x", "shape"),
        ("self", "block", "bias", "sum"),
        ("f",),
        ("x",),
        ("i",),
    )
    assert source.reads(str(file), 3) == (("range",), ("m",))
    assert source.reads(str(tmp_path / "gone.py"), 1) == ()


STREAM = """\
class Stream:
    def __init__(self):
        self.state = self.seen = None

    def forward(self, x):
        y, self.state = self.rnn(x, self.state)
        (a, [*self.seen]), b = y
        return a
"""


@pytest.mark.parametrize(("attribute", "line"), [("state", 6), ("seen", 7), ("other", None)])
def test_an_attribute_is_set_where_a_tuple_is_taken_apart(attribute: str, line: int | None, tmp_path: Path) -> None:
    file = tmp_path / "stream.py"
    file.write_text(STREAM, encoding="utf-8")

    assert source.attribute_assignment(str(file), "Stream", attribute) == line
