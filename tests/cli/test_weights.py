"""`--weights` and `--no-weights`: a model with the weights of a checkpoint, or with none, and what is said of that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(400, 300)

    def forward(self, x):
        return self.inner(x).relu()

def build():
    return Net(), (torch.ones(1, 400),)

def on_meta():
    with torch.device("meta"):
        return Net(), (torch.ones(1, 400),)
"""


@pytest.fixture
def state(project: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint, `weights.pt`, beside the target."""
    (project / "net.py").write_text(NET)
    weights = {"inner.weight": torch.rand(300, 400), "inner.bias": torch.rand(300)}
    torch.save(weights, project / "weights.pt")
    return weights


@pytest.mark.parametrize("target", ["net.py:build", "net.py:on_meta"])
def test_the_model_has_the_weights_of_the_checkpoint(
    target: str, state: dict[str, torch.Tensor], project: Path, onnxdx: Callable
) -> None:
    done = onnxdx("export", target, "--weights", "weights.pt", "-o", "model.onnx")

    assert done.code == 0
    assert "verdict: not run: fake weights" in done.out
    assert "wrote model.onnx (482.0 kB)" in done.out or "wrote model.onnx (48" in done.out
    (result,) = onnxruntime.InferenceSession("model.onnx").run(None, {"x": torch.ones(1, 400).numpy()})
    wanted = torch.relu(state["inner.weight"].sum(1) + state["inner.bias"])
    torch.testing.assert_close(torch.from_numpy(result)[0], wanted, rtol=1e-4, atol=1e-4)


def test_a_run_folder_gets_the_model_with_its_data(
    state: dict[str, torch.Tensor], project: Path, onnxdx: Callable
) -> None:
    done = onnxdx("export", "net.py:on_meta", "--weights", "weights.pt", "--run-dir", "run")

    assert done.code == 0
    onnxruntime.InferenceSession(str(project / "run" / "model.onnx"))
    assert (project / "run" / "model.onnx.data").stat().st_size >= 480_000


def test_a_checkpoint_that_does_not_fit_writes_nothing(
    state: dict[str, torch.Tensor], project: Path, onnxdx: Callable
) -> None:
    torch.save({"inner.weight": state["inner.weight"]}, "weights.pt")

    done = onnxdx("export", "net.py:build", "--weights", "weights.pt", "-o", "model.onnx", "--format", "json")

    report = json.loads(done.out)
    assert done.code == 1
    assert [each["id"] for each in report["findings"]] == ["DX731"]
    assert report["findings"][0]["location"]["line"] == 10
    assert not (project / "model.onnx").exists()


def test_a_checkpoint_is_looked_at_without_an_output(state: dict[str, torch.Tensor], onnxdx: Callable) -> None:
    torch.save({**state, "more": torch.ones(1)}, "weights.pt")

    done = onnxdx("export", "net.py:build", "--weights", "weights.pt")

    assert done.code == 0
    assert "warning[DX732]" in done.out


def test_weights_can_be_left_out(state: dict[str, torch.Tensor], onnxdx: Callable) -> None:
    done = onnxdx("export", "net.py:on_meta", "--no-weights", "-o", "model.onnx")

    assert done.code == 0
    proto = onnx.load("model.onnx", load_external_data=False)
    assert sorted(each.name for each in proto.graph.initializer if each.external_data) == ["inner.bias", "inner.weight"]


def test_both_options_at_once_are_wrong(state: dict[str, torch.Tensor], onnxdx: Callable) -> None:
    done = onnxdx("export", "net.py:build", "--weights", "weights.pt", "--no-weights")

    assert done.code == 2
    assert "do not go together" in done.err


def test_a_worker_saves_and_says_how_far_it_is(state: dict[str, torch.Tensor], project: Path, apart: Callable) -> None:
    done = apart("export", "net.py:on_meta", "--weights", "weights.pt", "-o", "model.onnx")

    assert done.code == 0, done.err
    assert (project / "model.onnx.data").exists()
