"""The story of a finding: `onnxdx export --explain` and `onnxdx explain FILE`."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from onnxdx_diagnostics import catalog, source
from onnxdx_diagnostics.code_layout import is_code, laid_out
from onnxdx_diagnostics.finding import Frame, Location, Site
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_diagnostics.passage import passage
from onnxdx_diagnostics.render import render_text
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rules.dx503_dtype_contract import DtypeContract
from onnxdx_diagnostics.story import render_story, stories

MODEL = """\
class Scaled(nn.Module):
    def forward(self, x, größe):
        if (x.norm(dim=-1) * größe["日本語"]).max() <= 1:
            return x
        return torch.special.i1(x) + mylib.twist(F.silu(x))


class Net(nn.Module):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x, self.sizes)
        return x
"""
GRAPHS = Graphs(
    (
        ProgramGraph(
            Stage.CAPTURED,
            (
                Node("x", "placeholder", Status.SOURCE, "", "f32[batch, 8]"),
                Node("i1", "aten.special_i1.default", Status.PLACEHOLDER, "0", "f32[batch, 8]", findings=("DX301",)),
                Node("silu", "aten.silu.default", Status.REWRITTEN, "0", "f32[batch, 8]", findings=("DX503",)),
                Node("gone", "aten.gone.default", Status.UNUSED, "0", "f32[8]", findings=("DX503",)),
            ),
            (Edge(0, 1, 0), Edge(0, 2, 0)),
        ),
        ProgramGraph(
            Stage.DECOMPOSED,
            (
                Node("x", "placeholder", Status.SOURCE, "", "f32[batch, 8]", origins=("x",)),
                Node("i1", "aten.special_i1.default", Status.PLACEHOLDER, "0", "f32[batch, 8]", (), 0, (), ("i1",)),
                Node("sigmoid", "aten.sigmoid", Status.PLACED, origins=("silu",), function="aten_sigmoid of torchlib"),
                Node(
                    "mul", "aten.mul", Status.PLACED, "", "f32[batch, 8]", origins=("silu",), function="mul at o.py:3"
                ),
            ),
            (),
        ),
        ProgramGraph(
            Stage.ONNX,
            (
                Node("i1", "i1", Status.PLACEHOLDER, "0", "f32[batch, 8]", origins=("i1",)),
                Node("s", "Sigmoid", Status.PLACED, "0", "f32[batch, 8]", origins=("sigmoid",)),
                Node("m", "Mul", Status.PLACED, "0", "f64[batch, 8]", origins=("mul",)),
            ),
            (),
        ),
    )
)


@pytest.fixture
def told(tmp_path: Path) -> Report:
    """A decision on data in a helper's line, and three findings behind it, two of them of one rule."""
    file = tmp_path / "net.py"
    file.write_text(MODEL, encoding="utf-8")

    def at(line: int, hint: str) -> Location:
        return source.region(str(file), line, hint)

    def site(line: int, hint: str, node: str = "", op: str = "", **more: object) -> Site:
        stack = (
            Frame(at(11, "layer"), "forward"),
            Frame(Location("/usr/lib/torch.py", 3), "_call_impl", user=False),
            Frame(at(line, ""), "forward"),
        )
        return Site(at(line, hint), stack, "layers.0", "net.Scaled", node, op, **more)  # type: ignore[arg-type]

    behind = "captured with decisions by the values of the sample inputs"
    layers = {"occurrences": 24, "modules": tuple(f"layers.{number}" for number in range(24))}
    x = ("x: f32[batch, 8]",)
    rewrite = (
        "return torch.cond((x.norm(dim=-1) * größe['日本語']).max() <= 1, lambda x: x.clone(), lambda x: f(x), (x,))"
    )
    findings = (
        DataDependentBranch(
            site(3, "if", values=(*x, 'größe["日本語"]: f32[]')),
            "if",
            '(x.norm(dim=-1) * größe["日本語"]).max() <= 1',
            rewrite,
        ),
        NoOnnxFunction(
            site(5, "special_i1", "i1", "aten.special_i1.default", values=x, stand_in=behind, **layers),
            "aten.special_i1.default",
            (),
        ),
        NoOnnxFunction(site(5, "twist", "twist", "mylib.twist.default", stand_in=behind), "mylib.twist.default", ()),
        DtypeContract(
            site(5, "silu", "silu", "aten.silu.default", values=x, stand_in=behind), "m", "aten.silu", "f32", "f64"
        ),
    )
    return Report("net.py:build", exported=False, findings=findings, root=str(tmp_path))


def page(report: Report, width: int, graphs: Graphs | None = None, **console: object) -> str:
    stream = io.StringIO()
    render_story(report, Console(file=stream, width=width, _environ={}, **console), graphs)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_story_page(width: int, told: Report, golden: Callable[[str, str], None]) -> None:
    golden(f"story-{width}.txt", page(told, width, GRAPHS))


def test_what_holds_for_a_rule_is_told_once(told: Report) -> None:
    told_of = page(told, 80, GRAPHS)

    assert told_of.count("onnxdx explain DX301") == 1
    assert told_of.count("Every operator must become ONNX operators.") == 1
    assert told_of.count("Behind the faults of capture") == 1


def test_no_line_is_told_twice_of_one_finding(told: Report) -> None:
    for story in stories(told, 80, GRAPHS):
        lines = [line.plain.strip() for line in story if len(line.plain.strip()) > 2]
        assert len(lines) == len(set(lines))


def test_paths_of_the_project_are_relative_to_it_in_every_text(told: Report) -> None:
    finding = NoOnnxFunction(Site(), f"{told.root}/ops.py:3", ())

    for text in (page(replace(told, findings=(finding,)), 200), render_text(replace(told, findings=(finding,)))):
        assert "`ops.py:3` has no ONNX function." in text
        assert told.root not in text


def test_without_graphs_the_node_is_named(told: Report) -> None:
    assert "= op: aten.special_i1.default, node `i1`" in page(told, 80)


def test_the_way_of_a_node_that_is_rewritten(told: Report) -> None:
    stops = passage(told.findings[-1], GRAPHS)

    assert [(stop.passed, str(stop)) for stop in stops] == [
        ("capture", "`silu`: aten.silu.default -> f32[batch, 8]"),
        ("decompose", "becomes aten.sigmoid, aten.mul"),
        ("dispatch", "aten.sigmoid: aten_sigmoid of torchlib"),
        ("dispatch", "aten.mul: mul at o.py:3"),
        ("translate", "becomes Sigmoid, Mul -> f64[batch, 8]"),
    ]


def test_the_way_of_a_node_that_nothing_is_left_of(told: Report) -> None:
    finding = told.findings[-1]
    gone = replace(finding, site=replace(finding.site, fx_node="gone", op="aten.gone.default"))

    assert [stop.what for stop in passage(gone, GRAPHS)] == ["`gone`: aten.gone.default", "nothing is left of it"]


def test_every_finding_has_a_story(reports: dict[str, Report], report_name: str) -> None:
    text = page(reports[report_name], 60)

    assert max(map(cell_len, text.split("\n"))) <= 60
    assert "\x1b" not in text
    for finding in reports[report_name].findings:
        assert f"[{finding.id}]" in text


def test_colour_is_left_out_on_request(told: Report) -> None:
    stream = io.StringIO()

    render_story(told, Console(file=stream, width=80, force_terminal=True, _environ={"NO_COLOR": "1"}), GRAPHS)

    assert "\x1b[31m" not in stream.getvalue()
    assert "\x1b[1;31m" not in stream.getvalue()


def test_a_terminal_that_cannot_say_everything_gets_escapes(told: Report) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    render_story(told, Console(file=stream, width=80, _environ={}), GRAPHS)
    stream.flush()

    assert b"gr\\xf6\\xdfe" in raw.getvalue()


EVIL = "\x1b[31m[bold]x[/bold]\u202e:smile:\n\r\x9b`"
texts = st.text(st.characters(codec="utf-8") | st.sampled_from("日\t\x1b\u202e…`[("), max_size=60)


@settings(max_examples=150, deadline=None)
@given(what=texts | st.just(EVIL), rewrite=texts, rows=st.lists(texts, max_size=4), width=st.sampled_from([24, 40, 80]))
def test_text_of_a_model_never_acts_nor_runs_over(what: str, rewrite: str, rows: list[str], width: int) -> None:
    place = Location(what, 7, 3, 7 + max(len(rows) - 1, 0), 9, "\n".join(row.replace("\n", " ") for row in rows))
    stack = (Frame(place, what), Frame(Location(what, 99, snippet=what), what))
    site = Site(place, stack, what, what, what, what, values=(what, f"{what}: {what}"), stand_in=what)
    finding = DataDependentBranch(site, "if", what, rewrite)

    lines = [line for story in stories(Report("t", exported=False, findings=(finding,)), width) for line in story]

    assert all(cell_len(line.plain) <= width for line in lines)
    assert all(character not in line.plain for line in lines for character in "\x1b\x9b\u202e\n\r\t")


def test_code_is_told_from_prose() -> None:
    assert is_code("x = torch.where(a, b, c)")
    assert is_code("if a:\n    b()")
    assert not is_code("It does nothing here.")
    assert not is_code("nothing")
    assert not is_code("")


def test_a_long_call_gets_a_line_for_each_argument() -> None:
    assert laid_out("y = torch.cond(größe > 0, lambda a, b: (a, b), other, (x,))  # now", 40) == [
        "y = torch.cond(",
        "    größe > 0,",
        "    lambda a, b: (a, b),",
        "    other,",
        "    (x,),",
        ")  # now",
    ]


@pytest.mark.parametrize(
    "code", ["f((a + b), c)", "total = sum(a * b for a in c)", "a + b + c + d + e", "f(*a, 'x,y')"]
)
def test_code_laid_out_is_the_same_code(code: str) -> None:
    import ast

    assert ast.dump(ast.parse("\n".join(laid_out(code, 8)))) == ast.dump(ast.parse(code))


def test_every_rule_has_a_reason_to_tell(reports: dict[str, Report]) -> None:
    told_of = page(reports["every-rule"], 100)

    for rule in catalog.all_rules():
        assert f"onnxdx explain {rule.id}" in told_of
    assert told_of.count("= why: ") == len(catalog.ids())
