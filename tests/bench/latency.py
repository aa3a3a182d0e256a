"""How long ONNX Runtime takes for an exported model, on the sample inputs."""

from __future__ import annotations

import time
from typing import Any

import onnx
import torch
import zoo

_SECONDS = 2.0
"""How long one model is run, at most, after it was run once."""


def milliseconds(proto: onnx.ModelProto, sample: zoo.Sample) -> float | None:
    """CPU time of the fastest run on one thread, which other processes disturb least.

    None when the inputs are not the tensors of the model in their order.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    tensors = [value for value in _leaves((sample.args, dict(sample.kwargs))) if isinstance(value, torch.Tensor)]
    names = [value.name for value in session.get_inputs()]
    if len(names) != len(tensors):
        return None
    feed = {name: tensor.detach().numpy() for name, tensor in zip(names, tensors, strict=True)}
    session.run(None, feed)
    seconds: list[float] = []
    while sum(seconds) < _SECONDS and len(seconds) < 200:
        start = time.process_time()
        session.run(None, feed)
        seconds.append(time.process_time() - start)
    return 1000 * min(seconds)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
