"""What an export gives: the ONNX model, how to save it, how to call it, and its report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir
import torch
from torch.export.graph_signature import ConstantArgument, InputKind

from onnxdx.compat import flat_inputs, leaves_of
from onnxdx.runtime import Session, weight_bytes
from onnxdx.values import OnnxDraft, OutputKind
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.report import Report

_EXTERNAL_BYTES = 2_000_000_000
"""From here on weights go to a file of their own: a protobuf message holds at most 2 GB."""


class ONNXProgram:
    """An exported model. When `report.exported` is false it is partial: placeholders stand where something is missing.

    `model` is the onnx_ir model, `report` everything the export had to say.
    """

    def __init__(self, draft: OnnxDraft, report: Report) -> None:
        self.draft = draft
        self.model: ir.Model = draft.model
        self.report = report
        self._session_options = draft.captured.request.options.session_options

    @property
    def model_proto(self) -> onnx.ModelProto:
        """The model as protobuf, with its weights."""
        return ir.serde.serialize_model(self.model)

    def save(self, path: str | os.PathLike[str], *, external_data: bool | None = None) -> None:
        """Write the model to `path`, whole or not at all.

        `external_data` puts weights of 1 kB and more into `<name>.data` beside it; by default only from 2 GB on. Raises
        OSError.
        """
        target = Path(path)
        apart = weight_bytes(self.model) >= _EXTERNAL_BYTES if external_data is None else external_data
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            temporary = Path(folder) / target.name
            if apart:
                data = f"{target.name}.data"
                ir.save(self.model, temporary, external_data=data, size_threshold_bytes=1024)
                if (Path(folder) / data).stat().st_size:
                    os.replace(Path(folder) / data, target.parent / data)
            else:
                ir.save(self.model, temporary)
            os.replace(temporary, target)

    def graphs(self) -> Graphs:
        """The program as captured, as decomposed and as ONNX, as plain data; made anew by each call."""
        from onnxdx.graphs import graphs_of

        return graphs_of(self.draft, self.report)

    def __call__(self, *args: Any, session_options: Any = None, **kwargs: Any) -> tuple[torch.Tensor, ...]:
        """Run the model in ONNX Runtime on the inputs of the torch model; its tensor outputs, flattened.

        `session_options` are `onnxruntime.SessionOptions`, for kernels that ONNX Runtime does not have itself; without
        them those of the export are taken.
        Values that the model updates (buffers, inputs) are not among them; `adapt_torch_outputs_to_onnx` is the
        same selection for eager outputs. Raises ValueError when the inputs have another structure than at capture.
        """
        if session_options is not None and session_options is not self._session_options:
            self._session_options = session_options
            vars(self).pop("_session", None)
        results = self._session.run(self.adapt_torch_inputs_to_onnx(*args, **kwargs))
        users = [binding.kind is OutputKind.USER for binding in self.draft.outputs]
        return tuple(result for result, user in zip(results, users, strict=True) if user)

    def adapt_torch_inputs_to_onnx(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The inputs of the ONNX graph, by name, from those of the torch model."""
        flat = flat_inputs(self.draft.captured.exported, args, kwargs)
        for position, (name, captured) in self._constants.items():
            if flat[position] != captured:
                raise ValueError(
                    f"`{name}` was {captured!r} at export and is part of the model; it is {flat[position]!r}"
                )
        return {b.name: flat[b.position] for b in self.draft.inputs if b.position is not None}

    def adapt_torch_outputs_to_onnx(self, outputs: Any) -> Sequence[torch.Tensor]:
        """The outputs of the torch model in the order of the ONNX graph's: flattened, without None and constants."""
        flat = leaves_of(outputs)
        return [flat[b.position] for b in self.draft.outputs if b.kind is OutputKind.USER and b.position is not None]

    @cached_property
    def _constants(self) -> dict[int, tuple[str, object]]:
        """The inputs that became part of the model, by position: their names and values."""
        specs = self.draft.captured.exported.graph_signature.input_specs
        users = [spec.arg for spec in specs if spec.kind is InputKind.USER_INPUT]
        return {
            position: (argument.name, argument.value)
            for position, argument in enumerate(users)
            if isinstance(argument, ConstantArgument)
        }

    @cached_property
    def _session(self) -> Session:
        return Session(self.model, options=self._session_options)
