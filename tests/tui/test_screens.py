"""Every state of the app as text, at the two sizes that a terminal has most often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx_diagnostics.graphs import neighbourhood
from onnxdx_tui.workspace.app import Workspace
from onnxdx_tui.workspace.opened import open_run, with_graphs

Screen = Callable[..., str]
Golden = Callable[[str, str], None]

SIZES = ((80, 24), (120, 36))
FAILING: dict[str, tuple[str, ...]] = {
    "failing": (),
    "finding-opened": ("enter",),
    "graph": ("5", "0"),
    "source": ("6", "0"),
    "values": ("7", "0"),
    "log": ("8", "0"),
    "fixes": ("2",),
    "fix-preview": ("2", "enter"),
    "modules-open": ("3", "j", "l"),
    "decomposed": ("p", "0"),
    "inline-or-side": ("s", "0"),
    "unfolded": ("0", "g", "enter"),
    "grouped": ("b",),
    "filter": ("/", "s", "v", "d"),
    "filter-empty": ("/", "q", "q"),
    "zoomed": ("0", "+"),
    "help": ("?",),
    "palette": (":", "s", "v"),
    "rule": ("o",),
    "copy": ("y",),
    "jump": ("J",),
    "disabled": ("n", "8", "0", "n"),
    "no-location": ("G",),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", FAILING)
def test_failing_run(name: str, size: tuple[int, int], failing: Path, screen: Screen, golden: Golden) -> None:
    text = screen(Workspace(failing), *FAILING[name], size=size)

    golden(f"{name}-{size[0]}x{size[1]}.txt", text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_clean_run(size: tuple[int, int], clean: Path, screen: Screen, golden: Golden) -> None:
    text = screen(Workspace(clean), size=size)

    golden(f"clean-{size[0]}x{size[1]}.txt", text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_sarif_log_from_another_machine(size: tuple[int, int], failing: Path, screen: Screen, golden: Golden) -> None:
    log = (failing / "report.sarif").rename(failing.parent / "away.sarif")
    (failing.parent / "model.py").unlink()

    text = screen(Workspace(log), "6", "0", size=size)

    golden(f"sarif-away-{size[0]}x{size[1]}.txt", text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", ["4", "5", "7", "8"])
def test_each_tab_of_a_log_from_another_machine(
    tab: str, size: tuple[int, int], failing: Path, screen: Screen, golden: Golden
) -> None:
    log = (failing / "report.sarif").rename(failing.parent / "away.sarif")
    (failing.parent / "model.py").unlink()

    text = screen(Workspace(log), tab, "0", size=size)

    golden(f"sarif-away-tab-{tab}-{size[0]}x{size[1]}.txt", text)


def test_a_log_shows_what_is_around_a_finding_as_the_run_had_it(failing: Path) -> None:
    run, log = with_graphs(open_run(failing)), open_run(failing / "report.sarif")
    assert run.graphs is not None

    shown = [
        ([(node.name, node.op, node.value, node.path, node.line) for node in graph.nodes], tuple(graph.edges))
        for graph in log.around
        if graph is not None
    ]

    wanted = []
    for blamed in map(run.graphs.blamed, log.report.findings):
        if blamed is not None:
            part = neighbourhood(blamed[0], blamed[1].name)
            nodes = [(node.name, node.op, node.value, node.path, node.line) for node in part.nodes]
            wanted.append((nodes, part.edges))
    assert len(shown) == 2
    assert shown == wanted


def test_a_log_with_damaged_graphs_costs_nothing_but_the_graphs(failing: Path, screen: Screen) -> None:
    log = failing / "report.sarif"
    log.write_text(log.read_text().replace("program around", "picture of"))

    text = screen(Workspace(log), "5")

    assert "DX301 no-onnx-function" in text
    assert "damaged graphs" in text


def test_there_is_too_little_room(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), size=(50, 12))

    assert text.strip() == "have 50x12, need 60x15"


def test_a_run_of_a_newer_onnxdx_is_said_to_be_one(failing: Path, screen: Screen) -> None:
    report = failing / "run.json"
    report.write_text(report.read_text().replace("onnxdx/1", "onnxdx/7"))

    text = screen(Workspace(failing), size=(140, 36))

    assert "is of schema onnxdx/7; this onnxdx reads onnxdx/1" in " ".join(text.split())


def test_a_file_that_has_changed_since_is_marked(failing: Path, screen: Screen) -> None:
    model = failing.parent / "model.py"
    model.write_text("# a new first line\n" + model.read_text())

    text = screen(Workspace(failing), "6")

    assert "± The file has changed since" in text


def test_damaged_graphs_cost_nothing_but_the_graphs(failing: Path, screen: Screen) -> None:
    (failing / "graphs.json").write_text("{}")

    text = screen(Workspace(failing))

    assert "DX301" in text
    assert "This run left no graphs" in text


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 15), (79, 23), (99, 29), (100, 30), (140, 20), (200, 60)])
def test_every_size_shows_something(size: tuple[int, int], failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "enter", size=size)

    assert text.strip()


def test_the_failing_row_is_on_a_small_screen(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "enter", size=(80, 24))

    assert "✗ ✗" in text or "✗ ├─✗" in text
