"""Weights of a fake program from every form of checkpoint, and what is said of those that do not fit."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_programs import IDS, Net, exported_fake, output_of
from safetensors.torch import save_file

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx_diagnostics.report import VerdictOutcome

State = dict[str, torch.Tensor]


def in_memory(state: State, folder: Path) -> Any:
    return state


def safetensors(state: State, folder: Path) -> Any:
    save_file({name: tensor.clone() for name, tensor in state.items()}, folder / "w.safetensors")
    return folder / "w.safetensors"


def shards(state: State, folder: Path) -> Any:
    places = {name: f"part-{number % 2}.safetensors" for number, name in enumerate(state)}
    for part in set(places.values()):
        save_file({name: state[name].clone() for name, place in places.items() if place == part}, folder / part)
    (folder / "w.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return folder / "w.safetensors.index.json"


def of_torch(state: State, folder: Path) -> Any:
    torch.save(state, folder / "w.pt")
    return str(folder / "w.pt")


def of_old_torch(state: State, folder: Path) -> Any:
    torch.save(state, folder / "w.pt", _use_new_zipfile_serialization=False)
    return folder / "w.pt"


def sliced(state: State, folder: Path) -> Any:
    """Tensors that are parts of larger ones, also across their rows."""
    wider = {name: torch.cat([tensor, tensor + 1], dim=-1) for name, tensor in state.items()}
    parts = {name: wider[name].narrow(-1, 0, tensor.shape[-1]) for name, tensor in state.items()}
    torch.save(parts, folder / "w.pt")
    return folder / "w.pt"


FORMS = [in_memory, safetensors, shards, of_torch, of_old_torch, sliced]


@pytest.mark.parametrize("form", FORMS)
def test_a_model_is_saved_with_the_weights_of_a_checkpoint(
    form: Callable[[State, Path], Any], program: ONNXProgram, real: Net, tmp_path: Path
) -> None:
    program.save(tmp_path / "model.onnx", model_state=form(real.state_dict(), tmp_path))

    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())
    assert program.report.findings == ()


@pytest.mark.parametrize("form", FORMS)
def test_a_program_with_applied_weights_is_proven(
    form: Callable[[State, Path], Any], program: ONNXProgram, real: Net, tmp_path: Path
) -> None:
    program.apply_weights(form(real.state_dict(), tmp_path))

    assert program.verify().outcome is VerdictOutcome.PROVEN
    assert program.report.verdict.outcome is VerdictOutcome.PROVEN
    torch.testing.assert_close(program(IDS)[0], real(IDS).detach())


def test_verification_sees_wrong_weights(program: ONNXProgram, real: Net) -> None:
    program.apply_weights(real.state_dict())
    exported = program.draft.captured.exported
    exported.state_dict["inner.bias"] = torch.nn.Parameter(exported.state_dict["inner.bias"] + 1)

    assert program.verify().outcome is VerdictOutcome.DIFFERS


def test_the_users_model_stays_without_values(real: Net) -> None:
    with onnxdx.enable_fake_mode() as fake:
        model = Net()
    before = dict(model.named_parameters())
    program = onnxdx.export(model, (IDS,), options=onnxdx.ExportOptions(fake_context=fake))

    program.apply_weights(real.state_dict())
    program.verify()

    assert all(before[name] is parameter for name, parameter in model.named_parameters())


def test_one_name_of_tied_weights_is_enough(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    for name in ("embedding.weight", "head.weight"):
        state = {key: tensor for key, tensor in real.state_dict().items() if key != name}

        program.save(tmp_path / "model.onnx", model_state=state)

        torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())


def test_tied_weights_are_written_once(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    program.save(tmp_path / "model.onnx", model_state=real.state_dict())

    names = {value.name for value in program.model.graph.initializers.values()}
    assert len(names & {"embedding.weight", "head.weight"}) == 1


def test_weights_that_the_graph_does_not_use_may_be_missing(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    state = {name: tensor for name, tensor in real.state_dict().items() if not name.startswith("unused")}

    program.save(tmp_path / "model.onnx", model_state=state)

    assert program.report.findings == ()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_floats_become_those_of_the_graph(dtype: torch.dtype, program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    state = {name: tensor.to(dtype) for name, tensor in real.state_dict().items()}
    real.load_state_dict(state)

    program.save(tmp_path / "model.onnx", model_state=of_torch(state, tmp_path))

    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())


def test_numbers_that_become_infinite_are_a_warning_dx736(real: Net, tmp_path: Path) -> None:
    program = exported_fake(lambda: Net(torch.float16))
    state = {**real.state_dict(), "inner.bias": torch.full((16,), 1e6)}

    program.save(tmp_path / "model.onnx", model_state=state)

    assert [each.id for each in program.report.findings] == ["DX736"]


def test_a_program_with_weights_takes_no_others(real: Net, tmp_path: Path) -> None:
    program = onnxdx.export(real, (IDS,))

    with pytest.raises(ValueError, match="has its weights already"):
        program.save(tmp_path / "model.onnx", model_state=real.state_dict())


class Runs:
    """What is run when it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("ran"),)


def without(state: State, folder: Path) -> Any:
    return {name: tensor for name, tensor in state.items() if name != "inner.weight"}


def only_ends_alike(state: State, folder: Path) -> Any:
    return {f"model.{name}": tensor for name, tensor in state.items()}


def misshapen(state: State, folder: Path) -> Any:
    return {**state, "shift": state["shift"][:8]}


def turned(state: State, folder: Path) -> Any:
    return {**state, "embedding.weight": state["embedding.weight"].T, "head.weight": state["head.weight"].T}


def integers(state: State, folder: Path) -> Any:
    return safetensors({**state, "inner.weight": state["inner.weight"].to(torch.int8)}, folder)


def eight_bits(state: State, folder: Path) -> Any:
    return safetensors({**state, "inner.weight": state["inner.weight"].to(torch.float8_e4m3fn)}, folder)


def sparse(state: State, folder: Path) -> Any:
    torch.save({**state, "inner.weight": state["inner.weight"].to_sparse()}, folder / "w.pt")
    return folder / "w.pt"


def differing(state: State, folder: Path) -> Any:
    return safetensors({**state, "head.weight": state["head.weight"] + 1}, folder)


def no_file(state: State, folder: Path) -> Any:
    return folder / "gone.safetensors"


def pickled_code(state: State, folder: Path) -> Any:
    torch.save({**state, "run": Runs()}, folder / "w.pt")
    return folder / "w.pt"


def plain_pickle(state: State, folder: Path) -> Any:
    (folder / "w.bin").write_bytes(pickle.dumps({"inner.weight": Runs()}))
    return folder / "w.bin"


def nested(state: State, folder: Path) -> Any:
    torch.save({"model": state, "epoch": 3}, folder / "w.pt")
    return folder / "w.pt"


def whole_number(state: State, folder: Path) -> Any:
    torch.save(3, folder / "w.pt")
    return folder / "w.pt"


def lost_shard(state: State, folder: Path) -> Any:
    index = shards(state, folder)
    (folder / "part-1.safetensors").unlink()
    return index


def shard_elsewhere(state: State, folder: Path) -> Any:
    index = shards(state, folder)
    index.write_text(index.read_text().replace("part-1", "../part-1"))
    return index


def lying_index(state: State, folder: Path) -> Any:
    index = shards(state, folder)
    index.write_text(index.read_text().replace("part-1", "part-0"))
    return index


def no_index(state: State, folder: Path) -> Any:
    (folder / "w.json").write_text("[]")
    return folder / "w.json"


def text(state: State, folder: Path) -> Any:
    (folder / "w.safetensors").write_text("not a checkpoint at all")
    return folder / "w.safetensors"


def on_meta(state: State, folder: Path) -> Any:
    return {name: tensor.to("meta") for name, tensor in state.items()}


WRONG = [
    (without, "DX731", "`inner.weight`"),
    (only_ends_alike, "DX731", "`model.`"),
    (misshapen, "DX733", "`shift: [8], not [16]`"),
    (turned, "DX733", "`embedding.weight: [16, 12], not [12, 16]`"),
    (integers, "DX734", "`inner.weight: int8, not float32`"),
    (eight_bits, "DX734", "`inner.weight: float8_e4m3fn, not float32`"),
    (sparse, "DX734", "sparse_coo"),
    (differing, "DX735", "`embedding.weight` and `head.weight`"),
    (no_file, "DX730", "No such file"),
    (pickled_code, "DX730", "would run code"),
    (plain_pickle, "DX730", "would run code"),
    (nested, "DX730", "what stands under `model` may be one"),
    (whole_number, "DX730", "holds a `int`"),
    (lost_shard, "DX730", "the shard `part-1.safetensors` is missing"),
    (shard_elsewhere, "DX730", "is not in its folder"),
    (lying_index, "DX730", "does not hold"),
    (no_index, "DX730", "no index of shards"),
    (text, "DX730", "no safetensors file"),
    (on_meta, "DX730", "has no values itself"),
]


@pytest.mark.parametrize(("wrong", "rule", "part"), WRONG, ids=[row[0].__name__ for row in WRONG])
def test_a_wrong_checkpoint_is_told_and_nothing_changes(
    wrong: Callable[[State, Path], Any],
    rule: str,
    part: str,
    program: ONNXProgram,
    real: Net,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "model.onnx"
    program.save(target, model_state=real.state_dict())
    state = wrong(real.state_dict(), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(onnxdx.WeightsError) as raised:
        program.save(target, model_state=state)

    findings = [each for each in raised.value.findings if each.level.value == "error"]
    assert [each.id for each in findings] == [rule]
    assert part in findings[0].message() + "".join(fix.title for fix in findings[0].fixes())
    assert findings[0].site.location is not None
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert program.report.verdict.reason == "fake weights"


def test_an_unexpected_weight_is_a_warning(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    program.save(tmp_path / "model.onnx", model_state={**real.state_dict(), "other.weight": torch.ones(3)})

    (finding,) = program.report.findings
    assert (finding.id, finding.level.value) == ("DX732", "warning")
    assert "other.weight" in finding.message()
    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())


def test_a_finding_stands_where_the_model_uses_the_weight(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    with pytest.raises(onnxdx.WeightsError) as raised:
        program.save(tmp_path / "model.onnx", model_state=misshapen(real.state_dict(), tmp_path))

    location = raised.value.findings[0].site.location
    assert location is not None
    assert "* self.shift" in location.snippet


def test_the_error_reads_as_the_findings_do(program: ONNXProgram, real: Net, tmp_path: Path) -> None:
    with pytest.raises(onnxdx.WeightsError) as raised:
        program.save(tmp_path / "model.onnx", model_state=only_ends_alike(real.state_dict(), tmp_path))

    said = str(raised.value)
    assert "error[DX731] weights-missing: The model needs `embedding.weight`" in said
    assert "fake_programs.py:" in said
    assert "Take `model.` off the names" in said


@pytest.mark.parametrize("mode", ["modules", "aten", "all"])
def test_weights_of_functions(mode: Any, real: Net, tmp_path: Path) -> None:
    with onnxdx.enable_fake_mode() as fake:
        model = Net()
    options = onnxdx.ExportOptions(fake_context=fake, functions=mode)
    program = onnxdx.export(model, (IDS,), options=options)

    program.save(tmp_path / "model.onnx", model_state=real.state_dict())
    program.apply_weights(real.state_dict())

    assert len(program.model.functions) > 0
    assert program.verify().outcome is VerdictOutcome.PROVEN
    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())


def test_weights_in_sixteen_bits_keep_their_bytes(real: Net, tmp_path: Path) -> None:
    program = exported_fake(lambda: Net(torch.bfloat16))
    state = {name: tensor.bfloat16() for name, tensor in real.state_dict().items()}

    program.apply_weights(safetensors(state, tmp_path))

    held = {value.name: value.const_value for value in program.model.graph.initializers.values()}
    assert held["inner.weight"].tobytes() == bytes(state["inner.weight"].reshape(-1).view(torch.uint8).tolist())


def test_a_state_of_many_names_is_matched_at_once(tmp_path: Path) -> None:
    class Many(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scales = torch.nn.ParameterList([torch.nn.Parameter(torch.rand(4)) for _ in range(40)])

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            x = ids[:, :1].float()
            for scale in self.scales:
                x = x + scale
            return x

    real, program = Many(), exported_fake(Many)

    program.save(tmp_path / "model.onnx", model_state=real.state_dict())

    torch.testing.assert_close(output_of(tmp_path / "model.onnx"), real(IDS).detach())
