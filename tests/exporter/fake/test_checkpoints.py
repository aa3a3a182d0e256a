"""Checkpoint files: every dtype is read as it was written, and no damage goes unnoticed or does any."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_programs import Net
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

import onnxdx
from onnxdx.weights.checkpoint import open_checkpoint
from onnxdx.weights.stored_tensors import CheckpointError

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.uint16,
    torch.int32,
    torch.uint32,
    torch.int64,
    torch.uint64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e8m0fnu,
    torch.complex64,
]
SHAPES = [(), (0,), (3,), (2, 0, 4), (2, 3, 5)]


def numbers(dtype: torch.dtype, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor whose bytes are all different, as far as its dtype has them."""
    count = torch.Size(shape).numel() * dtype.itemsize
    pattern = torch.arange(count, dtype=torch.uint8) % (2 if dtype is torch.bool else 120)
    return pattern.view(dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)


@pytest.mark.parametrize("form", ["safetensors", "torch"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_read_as_it_was_written(form: str, dtype: torch.dtype, tmp_path: Path) -> None:
    state = {f"t{index}": numbers(dtype, shape) for index, shape in enumerate(SHAPES)}
    path = tmp_path / f"w.{form}"
    save_file(state, path) if form == "safetensors" else torch.save(state, path)

    read = open_checkpoint(path).tensors

    assert read.keys() == state.keys()
    for name, tensor in state.items():
        plain = torch.view_as_real(tensor) if dtype.is_complex else tensor
        loaded = read[name].load()
        assert (loaded.dtype, loaded.shape) == (plain.dtype, plain.shape)
        if plain.numel():
            assert torch.equal(loaded.reshape(-1).view(torch.uint8), plain.reshape(-1).view(torch.uint8))


class Packed(torch.nn.Module):
    """Four-bit weights, two to a byte, and scales in eight bits: what a quantised checkpoint holds."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("packed", torch.zeros(8, 4, dtype=torch.uint8))
        self.register_buffer("scale", torch.zeros(8, 1, dtype=torch.float8_e4m3fn))
        self.register_buffer("shift", torch.zeros(8, dtype=torch.bfloat16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low, high = self.packed & 15, self.packed >> 4
        weight = torch.stack([low, high], dim=-1).reshape(8, 8).float() - 8
        return x @ (weight * self.scale.float()).T + self.shift.float()


def test_quantised_weights_keep_their_bytes(tmp_path: Path) -> None:
    state = {
        "packed": torch.randint(0, 256, (8, 4), dtype=torch.uint8),
        "scale": torch.rand(8, 1).to(torch.float8_e4m3fn),
        "shift": torch.rand(8).bfloat16(),
    }
    save_file(state, tmp_path / "w.safetensors")
    with onnxdx.enable_fake_mode() as fake:
        model = Packed()
    program = onnxdx.export(model, (torch.rand(2, 8),), options=onnxdx.ExportOptions(fake_context=fake))

    program.apply_weights(tmp_path / "w.safetensors")

    assert program.verify().outcome.value == "proven"
    held = {value.name: value.const_value for value in program.model.graph.initializers.values()}
    for name, tensor in state.items():
        assert held[name].tobytes() == bytes(tensor.reshape(-1).view(torch.uint8).tolist())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A checkpoint of the model in each form, as bytes."""
    folder = tmp_path_factory.mktemp("whole")
    state = {name: tensor.clone() for name, tensor in Net().state_dict().items()}
    save_file(state, folder / "w.safetensors")
    torch.save(state, folder / "w.pt")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["w.safetensors", "w.pt"]), share=st.floats(0, 0.9999))
def test_a_truncated_file_is_no_checkpoint(name: str, share: float, files: dict[str, bytes], tmp_path: Path) -> None:
    whole = files[name]
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(CheckpointError):
        open_checkpoint(tmp_path / name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_header_is_refused_or_still_within_the_file(
    data: st.DataObject, files: dict[str, bytes], tmp_path: Path
) -> None:
    content = bytearray(files["w.safetensors"])
    (length,) = struct.unpack("<Q", content[:8])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 7 + length))] = data.draw(st.integers(0, 255))
    (tmp_path / "w.safetensors").write_bytes(content)

    try:
        tensors = open_checkpoint(tmp_path / "w.safetensors").tensors
    except CheckpointError:
        return

    for tensor in tensors.values():
        assert sum(len(piece) for piece in tensor.content.pieces()) == tensor.load().nbytes


def header(entries: Any, tail: bytes = bytes(16)) -> bytes:
    text = json.dumps(entries).encode() if not isinstance(entries, bytes) else entries
    return struct.pack("<Q", len(text)) + text + tail


def entry(start: int, end: int, shape: list[Any], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        header([]),
        header({"a": 3}),
        header({"a": entry(0, 16, [5])}),
        header({"a": entry(0, 16, [-4])}),
        header({"a": entry(0, 16, [True, 4])}),
        header({"a": entry(0, 16, [4], "F7")}),
        header({"a": entry(0, 16, [4]), "b": entry(8, 16, [2])}),
        header({"a": entry(4, 16, [3])}),
        header({"a": entry(0, 12, [3])}),
        header({"a": entry(0, 32, [8])}),
        header(b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "a": {}}'),
        header(b"[" * 100_000),
        struct.pack("<Q", 1 << 62) + b"{}",
    ],
)
def test_a_header_that_lies_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError):
        open_checkpoint(tmp_path / "w.safetensors")
