"""The Python face: what `export` gives, what it raises, and that it leaves the user's model as it was."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import onnxdx
from onnxdx.values import PROVENANCE_KEY
from onnxdx_diagnostics.report import VerdictOutcome

X = torch.linspace(-2, 3, 12).view(3, 4)


class Encoder(nn.Module):
    """Enough kinds of operators to tell opsets and options apart."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))
        self.norm = nn.LayerNorm(4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor, scale: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        for layer in self.layers:
            x = nn.functional.gelu(layer(x))
        x = self.drop(self.norm(x))
        x = x if scale is None else x * scale
        return {"features": x, "pooled": x.mean(-1).softmax(0)}


class Unsupported(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.relu() + 1
        return torch.mode(y, dim=-1).values


def test_a_model_comes_out_with_the_names_that_the_user_gave() -> None:
    program = onnxdx.export(Encoder(), (X,), {"scale": X}, dynamic_shapes={"x": {0: "batch"}, "scale": {0: "batch"}})

    graph = program.model_proto.graph
    assert [value.name for value in graph.input] == ["x", "scale"]
    assert [value.name for value in graph.output] == ["features", "pooled"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    assert {"batch": 4} in [dict(trial.sizes) for trial in program.report.verdict.trials]


@pytest.mark.parametrize("opset", [18, 19, 20, 21, 22, 23])
def test_every_opset_is_proven(opset: int) -> None:
    program = onnxdx.export(Encoder(), (X,), options=onnxdx.ExportOptions(opset_version=opset))

    assert {entry.domain: entry.version for entry in program.model_proto.opset_import}[""] == opset
    assert program.report.verdict.outcome is VerdictOutcome.PROVEN


def test_optimisation_only_makes_the_model_smaller() -> None:
    plain = onnxdx.export(Encoder(), (X,), options=onnxdx.ExportOptions(optimize=False))
    optimized = onnxdx.export(Encoder(), (X,))

    assert plain.report.verdict.outcome is VerdictOutcome.PROVEN
    assert len(optimized.model.graph) <= len(plain.model.graph)


def test_without_verification_the_verdict_says_that_it_was_not_run() -> None:
    program = onnxdx.export(Encoder(), (X,), options=onnxdx.ExportOptions(verify=False))

    assert program.report.verdict.outcome is VerdictOutcome.NOT_RUN
    assert program.report.passes[-1].outcome.value == "not-run"


def test_training_mode_is_kept_only_when_asked_for() -> None:
    model = Encoder().train()

    evaluated = onnxdx.export(model, (X,))
    trained = onnxdx.export(model, (X,), options=onnxdx.ExportOptions(training=True))

    assert evaluated.report.verdict.outcome is VerdictOutcome.PROVEN
    assert "random" in trained.report.verdict.reason


@pytest.mark.parametrize("inside", [False, True])
def test_what_torch_has_captured_is_exported_though_it_has_no_modes(inside: bool) -> None:
    captured = torch.export.export(nn.Sequential(nn.Linear(3, 3), nn.Dropout()).eval(), (torch.rand(2, 3),)).module()
    model = nn.Sequential(captured, nn.ReLU()) if inside else captured

    program = onnxdx.export(model, (torch.rand(2, 3),))

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN


def test_the_older_name_gives_the_same_model() -> None:
    options = onnxdx.ExportOptions(dynamic_shapes={"x": {0: "batch"}, "scale": {0: "batch"}})

    program = onnxdx.dynamo_export(Encoder(), X, scale=X, export_options=options)

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    assert program.model_proto.graph.input[1].name == "scale"


def test_a_program_takes_and_gives_torch_tensors_of_any_size() -> None:
    model = Encoder().eval()
    program = onnxdx.export(model, (X,), dynamic_shapes={"x": {0: "batch"}})
    other = torch.rand(7, 4)

    features, pooled = program(other)

    wanted = model(other)
    torch.testing.assert_close(features, wanted["features"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pooled, wanted["pooled"], rtol=1e-4, atol=1e-5)
    assert [tensor.shape for tensor in program.adapt_torch_outputs_to_onnx(wanted)] == [features.shape, pooled.shape]


def test_inputs_of_another_structure_are_refused() -> None:
    program = onnxdx.export(Encoder(), (X,))

    with pytest.raises(ValueError, match="structure"):
        program(X, scale=X)


def test_what_stands_in_the_way_is_raised_with_report_and_partial_program() -> None:
    with pytest.raises(onnxdx.ExportError) as caught:
        onnxdx.export(Unsupported(), (X,))

    error = caught.value
    (finding,) = error.report.findings
    assert finding.id == "DX301"
    assert finding.site.location is not None
    assert "torch.mode" in finding.site.location.snippet
    assert finding.message() in " ".join(str(error).split())
    assert "Traceback" not in str(error)
    assert error.program is not None
    operators = [(node.domain, node.op_type) for node in error.program.model.graph]
    assert ("", "Relu") in operators
    assert ("onnxdx.unsupported", "aten.mode.default") in operators


@pytest.mark.parametrize("apart", [False, True])
def test_a_saved_model_runs_alone(tmp_path: Path, apart: bool) -> None:
    path = tmp_path / "model.onnx"
    program = onnxdx.export(nn.Sequential(nn.Linear(4, 128), nn.Linear(128, 4)), (X,))

    program.save(path, external_data=apart)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["model.onnx", *(["model.onnx.data"] if apart else [])]
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"input": X.numpy()})
    torch.testing.assert_close(torch.from_numpy(result), program(X)[0])


def test_small_weights_stay_in_the_model(tmp_path: Path) -> None:
    onnxdx.export(Encoder(), (X,)).save(tmp_path / "model.onnx", external_data=True)

    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(OSError, match=r"ermission"):
        onnxdx.export(Encoder(), (X,)).save(tmp_path / "model.onnx")

    assert list(tmp_path.iterdir()) == []


def test_a_failing_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"the old model")
    program = onnxdx.export(Encoder(), (X,))

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        program.save(path)

    assert path.read_bytes() == b"the old model"
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]


def test_the_users_model_is_left_as_it_was() -> None:
    model = Encoder().train()
    model.layers[0].weight.grad = torch.ones(4, 4)
    before = copy.deepcopy(model)
    random = torch.get_rng_state()

    onnxdx.export(model, (X,))

    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in model.modules()] == [True] * len(list(model.modules()))
    for (name, value), (_, old) in zip(model.state_dict().items(), before.state_dict().items(), strict=True):
        assert torch.equal(value, old), name
    assert torch.equal(model.layers[0].weight.grad, torch.ones(4, 4))
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())


def test_every_onnx_node_knows_where_it_comes_from() -> None:
    program = onnxdx.export(Encoder(), (X,))

    modules = set()
    for node in program.model.graph:
        origin = program.draft.origins[node.metadata_props[PROVENANCE_KEY]]
        modules.add(origin.module)
        assert origin.line is not None
        assert origin.line[0] == __file__
    assert {"layers.0", "layers.1", "norm", ""} == modules


def test_an_unknown_way_to_make_functions_is_refused() -> None:
    with pytest.raises(ValueError, match="functions is one of"):
        onnxdx.ExportOptions(functions="weird")  # type: ignore[arg-type]


def test_something_that_is_no_module_is_refused_at_the_door() -> None:
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        onnxdx.export(lambda x: x, (X,))  # type: ignore[arg-type]
