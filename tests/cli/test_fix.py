"""`onnxdx fix TARGET` and `onnxdx export --fix`: tried, applied, exported again, compared, and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx import fixes

MODEL = """
import torch

@torch.library.custom_op("fixlib::swish", mutates_args=())
def swish(x: torch.Tensor) -> torch.Tensor:
    return x * x.sigmoid()

@swish.register_fake
def _(x):
    return torch.empty_like(x)

class Net(torch.nn.Module):
    def forward(self, x):
        return swish(x)

def build():
    return Net(), (torch.rand(4),)
"""

DECIDES = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        return x

def build():
    return Net(), (torch.rand(4),)
"""

FAILING_PROVIDER = """
RULES = frozenset({"DX301"})

def offers(finding, evidence):
    raise ValueError("it is lost")
"""


@pytest.fixture
def target(project: Path) -> str:
    (project / "swish.py").write_text(MODEL)
    return "swish.py:build"


def files(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.glob("*.py")}


def test_a_proven_function_is_written_exported_with_and_undone(project: Path, target: str, apart: Callable) -> None:
    before = files(project)

    done = apart("fix", target, "--finding", "DX301@14", "--apply")

    assert done.code == 0, done.said
    assert "wrote onnxdx_registry.py; `onnxdx fix --undo` takes it back" in done.out
    assert done.out.splitlines()[-1] == "1 resolved, 0 remaining, 0 introduced"
    assert "registry: onnxdx_registry.py" in done.out
    assert "verdict: proven" in done.out
    assert '@registry.op("fixlib::swish")' in (project / "onnxdx_registry.py").read_text()
    assert apart("fix", "--undo").code == 0
    assert files(project) == before


def test_the_file_is_loaded_by_default_and_by_no_other_name(project: Path, target: str, onnxdx: Callable) -> None:
    (project / "onnxdx_registry.py").write_text("raise ValueError('it was loaded')\n")
    (project / "other.py").write_text("import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n")

    by_default = onnxdx("export", target)
    named = onnxdx("export", target, "--registry", "other.py")

    assert "DX710" in by_default.out
    assert "onnxdx_registry.py" in by_default.out
    assert "DX710" not in named.out


def test_json_has_the_fixes_that_were_tried_and_can_be_applied_later(
    project: Path, target: str, onnxdx: Callable
) -> None:
    done = onnxdx("export", target, "--format", "json")

    (finding,) = json.loads(done.out)["findings"]
    assert [fix["applicability"] for fix in finding["fixes"]] == ["proven"]
    assert finding["fixes"][0]["seen"] == {"onnxdx_registry.py": ""}
    (project / "run.json").write_text(done.out)
    assert onnxdx("fix", "run.json", "--apply").code == 0
    assert '@registry.op("fixlib::swish")' in (project / "onnxdx_registry.py").read_text()


def test_export_with_fix_writes_the_function_and_the_model(project: Path, target: str, apart: Callable) -> None:
    done = apart("export", target, "--fix", "-o", "model.onnx", "--sarif", "out.sarif")

    assert done.code == 0, done.said
    assert "wrote model.onnx" in done.out
    assert "fixed: Add an ONNX function for `fixlib::swish` to onnxdx_registry.py" in done.err
    assert "1 resolved, 0 remaining, 0 introduced" in done.err
    assert (project / "model.onnx").exists()
    assert json.loads((project / "out.sarif").read_text())["runs"][0]["results"] == []


def test_that_there_is_no_function_to_add_is_told(project: Path, apart: Callable) -> None:
    done = apart("export", "model.py:build", "--fix", "-o", "model.onnx")

    assert done.code == 0
    assert "--fix found no ONNX function to add" in done.err
    assert (project / "model.onnx").exists()
    assert not (project / "onnxdx_registry.py").exists()


def test_time_that_is_over_is_told_on_the_finding(project: Path, target: str, onnxdx: Callable) -> None:
    done = onnxdx("export", target, "--explain", "--fix-budget", "0.000001")

    said = " ".join(done.out.split())
    assert "Have fixes tried by `onnxdx fix swish.py:build --finding DX301@14`: the time for it" in said
    assert "fix (proven)" not in said


def test_a_provider_that_fails_is_a_fault_of_ours_and_costs_no_finding(
    project: Path, target: str, onnxdx: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "providers").mkdir()
    (project / "providers" / "failing_provider.py").write_text(FAILING_PROVIDER)
    monkeypatch.setattr(fixes, "__path__", [*fixes.__path__, str(project / "providers")])

    done = onnxdx("export", target, "--format", "json")

    assert done.code == 3
    told = {finding["id"]: finding["message"] for finding in json.loads(done.out)["findings"]}
    assert {*told} == {"DX301", "DX901"}
    assert "it is lost" in told["DX901"]


def test_a_provider_that_fails_is_the_same_fault_where_fixes_are_applied(project: Path, apart: Callable) -> None:
    (project / "providers").mkdir()
    (project / "providers" / "failing_provider.py").write_text(FAILING_PROVIDER)
    brought = "\nfrom onnxdx import fixes\nfixes.__path__.append(__file__.replace('with_it.py', 'providers'))\n"
    (project / "with_it.py").write_text(MODEL + brought)

    done = apart("fix", "with_it.py:build")

    assert done.code == 3
    assert "DX301" in done.out
    assert "No fix was tried to the end (ValueError: it is lost)" in " ".join(done.out.split())
    assert "error[DX901]" in done.out


def test_where_nobody_looks_at_fixes_none_are_tried(project: Path, target: str, onnxdx: Callable) -> None:
    done = onnxdx("export", target, "--format", "github")

    assert "%0AHave fixes tried: onnxdx fix swish.py:build --finding DX301@14" in done.out
    assert "Fix (proven)" not in done.out


def test_a_trial_that_ends_the_process_costs_only_the_fixes(project: Path, apart: Callable) -> None:
    ends = MODEL.replace("    return x *", "    if x.dtype == torch.float64: __import__('os')._exit(9)\n    return x *")
    (project / "ends.py").write_text(ends.replace("fixlib", "endslib"))

    done = apart("fix", "ends.py:build")

    assert done.code == 1
    assert "error[DX301]" in done.out
    assert "No fix was tried to the end" in " ".join(done.out.split())


def test_a_registry_file_that_is_wrong_is_told_on_its_line(project: Path, target: str, apart: Callable) -> None:
    (project / "onnxdx_registry.py").write_text("import onnxdx\n\nregistry = onnxdx.OnnxRegistri()\n")

    done = apart("fix", target, "--apply")

    assert done.code == 1
    assert "error[DX710]" in done.out
    assert "--> onnxdx_registry.py:3:" in done.out


def test_a_project_that_is_read_only_stays_what_it_is(project: Path, target: str, apart: Callable) -> None:
    (project / "onnxdx_registry.py").write_text("import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n")
    (project / "onnxdx_registry.py").chmod(0o444)
    before = files(project)

    done = apart("fix", target, "--apply")

    assert done.code == 1
    assert done.err.splitlines()[-2:] == ["nothing was changed:", "  `onnxdx_registry.py` is read-only."]
    assert files(project) == before
    assert not (project / ".onnxdx").exists()


def test_a_registry_file_outside_of_the_project_is_not_written(
    project: Path, target: str, apart: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "ops.py"
    outside.write_text("import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n")

    done = apart("export", target, "--fix", "--registry", str(outside))

    assert done.code == 1
    assert "--fix changed nothing:" in done.err
    assert "lies outside of the project root" in done.err
    assert outside.read_text().count("def ") == 0


def test_a_clean_model_has_nothing_to_fix(project: Path, apart: Callable) -> None:
    done = apart("fix", "model.py:build", "--apply")

    assert (done.code, done.out.splitlines()[-1]) == (0, "nothing to fix")


def test_a_target_that_is_none_is_wrong_usage(project: Path, apart: Callable) -> None:
    done = apart("fix", "gone.py:build", "--apply")

    assert done.code == 2
    assert "error[DX701]" in done.out


@pytest.mark.parametrize("option", ["--fix", "--timeout=3"])
def test_what_needs_a_process_does_not_go_without(option: str, onnxdx: Callable) -> None:
    done = onnxdx("export", "model.py:build", option)

    assert done.code == 2
    assert "--no-isolate" in done.err


def test_files_of_others_do_not_keep_the_projects_own_from_being_fixed(
    project: Path, apart: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    vendor = tmp_path_factory.mktemp("vendor")
    (vendor / "vendored.py").write_text("def shrunk(x):\n    return x / 2 if x.max() > 1 else x\n")
    uses = DECIDES.replace(
        "import torch", f"import sys\nsys.path.insert(0, {str(vendor)!r})\nimport torch, vendored", 1
    )
    (project / "net.py").write_text(uses.replace("return x\n", "return vendored.shrunk(x)\n"))

    done = apart("fix", "net.py:build", "--apply")

    assert done.code == 1, done.said
    assert "1 resolved, 1 remaining, 0 introduced" in done.out
    assert "its fix changes files that are not the project's own" in " ".join(done.out.split())
    assert "torch.where" in (project / "net.py").read_text()
    assert "torch" not in (vendor / "vendored.py").read_text()


def test_a_link_out_of_the_project_is_not_written_through(
    project: Path, apart: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "net.py"
    outside.write_text(DECIDES)
    (project / "net.py").symlink_to(outside)

    done = apart("fix", "net.py:build", "--apply")

    assert done.code == 1
    assert "lies outside of the project root" in done.err
    assert outside.read_text() == DECIDES


def test_where_another_project_was_fixed_it_is_said_where_to_undo(
    project: Path, apart: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "pyproject.toml").write_text("")
    (other / "net.py").write_text(DECIDES)

    done = apart("fix", f"{other / 'net.py'}:build", "--apply")

    assert done.code == 0, done.said
    assert f"`onnxdx fix --undo` in {other} takes it back" in done.out


def test_of_a_target_that_gives_no_model_no_fixes_are_tried(project: Path, apart: Callable) -> None:
    (project / "parts").mkdir()
    (project / "parts" / "__init__.py").write_text("")
    (project / "parts" / "net.py").write_text("from . import layers\n")

    done = apart("fix", "parts/net.py:build")

    said = " ".join(done.out.split())
    assert done.code == 1
    assert "Name the target by its module, in the folder that holds the package: `parts.net:build`" in said
    assert "No fix was tried" not in said


def test_where_there_is_nothing_to_fix_the_diff_is_empty(project: Path, apart: Callable) -> None:
    done = apart("fix", "model.py:build", "--diff")

    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1] == "nothing to fix"
