"""A model larger than memory: exported in fake mode, and its weights streamed from a checkpoint.

    python samples/large_model.py

The first model has 8 billion parameters, 32 GB in float32. It is built and exported without them, and written as a
graph that refers to its weights by name. The second is small enough to be proven: it is exported in the same way, saved
with the weights of a checkpoint, and compared with eager. On the command line that is

    onnxdx export samples/large_model.py:small --weights weights.pt -o model.onnx
"""

import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

import onnxdx


class Block(nn.Module):
    """Causal attention and a gated network, each added to its input."""

    def __init__(self, width: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate, self.up = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, seq, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, seq, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, seq, width))
        hidden = self.norm2(x)
        return x + self.down(F.silu(self.gate(hidden)) * self.up(hidden))


class Decoder(nn.Module):
    """Tokens to the scores of the next one. The table of positions is computed, and so is no part of a checkpoint."""

    def __init__(self, vocabulary: int, width: int, inner: int, heads: int, layers: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        steps = torch.arange(512.0).unsqueeze(1) * torch.exp(-torch.arange(0.0, width, 2) / width * 9.2)
        self.register_buffer("positions", torch.cat([steps.sin(), steps.cos()], dim=1), persistent=False)
        self.blocks = nn.Sequential(*(Block(width, inner, heads) for _ in range(layers)))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokens(ids) + self.positions[: ids.shape[1]]
        return self.head(self.norm(self.blocks(x)))


IDS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
SHAPES = {"ids": {0: "batch", 1: "seq"}}


def eight_billion() -> Decoder:
    return Decoder(vocabulary=128_256, width=4096, inner=12_288, heads=32, layers=32)


def four_layers() -> Decoder:
    return Decoder(vocabulary=256, width=64, inner=160, heads=4, layers=4)


def small():
    """The small model as a target of the command line."""
    return four_layers(), (IDS,), {}, SHAPES


def export_fake(build) -> onnxdx.ONNXProgram:
    """A model without memory, exported."""
    with onnxdx.enable_fake_mode() as fake:
        model = build()
    options = onnxdx.ExportOptions(fake_context=fake)
    return onnxdx.export(model, (IDS,), dynamic_shapes=SHAPES, options=options)


def main(folder: Path) -> None:
    program = export_fake(eight_billion)
    program.save(folder / "large.onnx", include_weights=False)
    size = (folder / "large.onnx").stat().st_size
    print(f"8 billion parameters: {program.report.verdict.reason}; the graph alone is {size / 1e6:.1f} MB")

    torch.manual_seed(0)
    torch.save(four_layers().state_dict(), folder / "weights.pt")
    program = export_fake(four_layers)
    program.save(folder / "small.onnx", model_state=folder / "weights.pt")
    program.apply_weights(folder / "weights.pt")
    print(f"4 layers: {program.verify().outcome.value} on {len(program.report.verdict.trials)} inputs")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
