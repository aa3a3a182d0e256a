"""Models as files: what stands where, what is left out, how far a save is, and what a kill leaves."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from fake_programs import IDS, Net, output_of

import onnxdx
from onnxdx.program import ONNXProgram


def shifted(by: float) -> Net:
    torch.manual_seed(0)
    model = Net().eval()
    model.shift += by
    return model


def test_data_is_called_as_the_model_and_replaced_with_it(program: ONNXProgram, tmp_path: Path) -> None:
    names = []
    for by in range(3):
        model = shifted(by)
        program.save(tmp_path / "model.onnx", model_state=model.state_dict())
        names.append(sorted(path.name for path in tmp_path.iterdir()))

        torch.testing.assert_close(output_of(tmp_path / "model.onnx"), model(IDS).detach())

    other = ["model.onnx", "model.onnx.2.data"]
    assert names == [["model.onnx", "model.onnx.data"], sorted(other), ["model.onnx", "model.onnx.data"]]


def test_data_of_another_model_stays(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    (tmp_path / "other.onnx.data").write_text("not ours")

    program.save(tmp_path / "model.onnx", model_state=real.state_dict())
    program.save(tmp_path / "model.onnx", model_state=real.state_dict(), external_data=False)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "other.onnx.data"]
    assert (tmp_path / "other.onnx.data").read_text() == "not ours"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that is killed is a fork")
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_kill_leaves_the_old_model_or_the_new_one(renames: int, tmp_path: Path) -> None:
    old, new = shifted(0), shifted(5)
    onnxdx.export(old, (IDS,)).save(tmp_path / "model.onnx", external_data=True)
    program = onnxdx.export(new, (IDS,))

    child = os.fork()
    if child == 0:
        save_and_die(program, tmp_path / "model.onnx", renames)
    os.waitpid(child, 0)

    expected = (new if renames == 2 else old)(IDS).detach()
    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), expected)
    program.save(tmp_path / "model.onnx", external_data=True)
    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), new(IDS).detach())


def save_and_die(program: ONNXProgram, path: Path, renames: int) -> None:
    """Save, and end this process at once after so many renames, as a kill does."""
    rename, done = os.replace, []

    def dying(source: str, target: str) -> None:
        if len(done) < renames:
            rename(source, target)
        done.append(target)
        if len(done) > renames or len(done) == 2:
            os._exit(9)

    os.replace = dying
    program.save(path, external_data=True)
    os._exit(1)


def test_a_model_without_weights_takes_them_by_name(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    program.save(tmp_path / "model.onnx", include_weights=False)

    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    proto = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    assert sorted(outside(proto)) == ["embedding.weight", "inner.bias", "inner.weight", "shift"]
    torch.testing.assert_close(output_with(tmp_path / "model.onnx", real), real(IDS).detach())


def test_a_program_with_weights_can_leave_them_out(real: Net, tmp_path: Path) -> None:
    program = onnxdx.export(real, (IDS,))

    program.save(tmp_path / "model.onnx", include_weights=False)

    proto = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    assert {"embedding.weight", "shift"} <= set(outside(proto)) <= set(real.state_dict())
    torch.testing.assert_close(output_with(tmp_path / "model.onnx", real), real(IDS).detach())


def outside(proto: onnx.ModelProto) -> list[str]:
    """The weights that are not in the model."""
    return [tensor.name for tensor in proto.graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]


def output_with(path: Path, model: Net) -> torch.Tensor:
    """What ONNX Runtime computes with a saved model and the weights of a model, given by name."""
    names = outside(onnx.load(path, load_external_data=False))
    state = model.state_dict()
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(state[name].numpy()) for name in names]
    options.add_external_initializers(names, values)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"ids": IDS.numpy()})
    return torch.from_numpy(np.asarray(result))


def test_weights_that_are_not_given_are_told(program: ONNXProgram, tmp_path: Path) -> None:
    with pytest.raises(onnxdx.WeightsError) as raised:
        program.save(tmp_path / "model.onnx")

    assert [each.id for each in raised.value.findings] == ["DX737"]
    assert list(tmp_path.iterdir()) == []


def test_progress_reaches_the_end(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []

    program.save(
        tmp_path / "model.onnx",
        model_state=real.state_dict(),
        progress=lambda done, total: heard.append((done, total)),
    )

    assert heard == sorted(heard)
    assert heard[-1][0] == heard[-1][1] > 0


def test_large_tensors_begin_at_a_page(tmp_path: Path) -> None:
    program = onnxdx.export(torch.nn.Sequential(torch.nn.Linear(64, 65), torch.nn.Linear(65, 64)), (torch.rand(1, 64),))

    program.save(tmp_path / "model.onnx", external_data=True)

    proto = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    places = [{entry.key: entry.value for entry in tensor.external_data} for tensor in proto.graph.initializer]
    offsets = [int(place["offset"]) for place in places if int(place.get("length", 0)) >= 4096]
    assert len(offsets) == 2
    assert all(offset % 4096 == 0 for offset in offsets)
