"""What a command line asks of an export, whatever is made of it: the target, and the options that say how."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.worker_protocol import REGISTRY, Job
from onnxdx_tui import project

Command = TypeVar("Command", bound=Callable[..., Any])

_TIMEOUT = 600.0
FILE = click.Path(path_type=Path)
_LEVELS = click.Choice([level.value for level in reversed(Level)])
_FUNCTIONS = click.Choice(["none", "modules", "aten", "all"])
_INPUT_HELP = "Input of a module: 'float32[2,3]', 'ids=int64[2,8]{0..100}', '0.5'. Repeatable."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields are the options of `asks_export`; `isolate` says that the export runs in a process of its own."""

    root: Path
    target: str
    opset: int
    functions: str
    dynamic: tuple[str, ...]
    input: tuple[str, ...]
    verify: bool
    optimize: bool
    bisect_passes: bool
    training: bool
    registry: Path | None
    weights: Path | None
    recovery_budget: float
    timeout: float | None
    fail_on: Level
    traceback: bool
    isolate: bool = True

    @property
    def registry_file(self) -> Path:
        """The file with the user's ONNX functions, or where it would be: the one that is named, else the project's."""
        return self.registry.absolute() if self.registry else self.root / REGISTRY

    def job(self, events: Path, **wishes: Any) -> Job:
        """What a worker is to do; `wishes` are fields of a job that say what is made of the export."""
        return Job(
            target=self.target,
            root=str(self.root),
            events=str(events),
            opset=self.opset,
            functions=self.functions,
            dynamic=self.dynamic,
            input=self.input,
            verify=self.verify,
            optimize=self.optimize,
            bisect_passes=self.bisect_passes,
            training=self.training,
            registry=registry_to_load(self.registry, self.root),
            registry_file=str(self.registry_file),
            weights=str(self.weights.absolute()) if self.weights else "",
            recovery_budget=self.recovery_budget,
            argv=tuple(sys.argv),
            seconds=_TIMEOUT if self.timeout is None else self.timeout,
            **wishes,
        )


def registry_to_load(named: Path | None, root: Path) -> str:
    """The registry file of an export: the one that is named, else that of the project, empty when it has none."""
    path = named.absolute() if named else root / REGISTRY
    return str(path) if named or path.is_file() else ""


def choice(kind: type[enum.Enum]) -> Callable[..., Any]:
    """The callback of an option whose values are those of an enum."""
    return lambda ctx, parameter, value: kind(value)


def read_settings(ctx: click.Context, parameter: click.Parameter, target: str | None) -> str | None:
    """Read the defaults of the target's project before the other options are looked at; the callback of a target."""
    root = project.root_of(target or "")
    ctx.obj = root
    ctx.default_map = {**project.settings(root, ctx.command, ctx), **(ctx.default_map or {})}
    return target


def asks_export(command: Command) -> Command:
    """Give a command the options that say how a target is exported."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--opset", type=int, default=20, help="ONNX opset of the model. [20]"),
    click.option(
        "--functions",
        type=_FUNCTIONS,
        default="none",
        help="What ONNX functions stand for; none is a flat graph. [none]",
    ),
    click.option(
        "--dynamic",
        multiple=True,
        metavar="SPEC",
        help="Dynamic dims: 'x[batch,seq]', 'x[batch{1..64},_]'. Repeatable.",
    ),
    click.option("--input", multiple=True, metavar="SPEC", help=_INPUT_HELP),
    click.option("--verify/--no-verify", default=True, help="Compare with eager in ONNX Runtime. [verify]"),
    click.option("--optimize/--no-optimize", default=True, help="Fold constants, merge and drop nodes. [optimize]"),
    click.option("--bisect-passes", is_flag=True, help="Name the optimisation pass that changes the numbers."),
    click.option("--training/--no-training", default=False, help="Keep the module's mode. [no-training: eval mode]"),
    click.option(
        "--registry",
        type=FILE,
        metavar="FILE",
        help=f"Python file with your ONNX functions, in `registry = OnnxRegistry()`. [{REGISTRY}, where it exists]",
    ),
    click.option(
        "--weights",
        type=FILE,
        metavar="FILE",
        help="Stream the weights from this checkpoint: .safetensors, torch.save, index of shards.",
    ),
    click.option(
        "--recovery-budget",
        type=click.FloatRange(min=0),
        default=300.0,
        metavar="SECONDS",
        help="Time for finding what stands behind a failed capture. [300]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help=f"Limit for each pass; 0 sets none. [{_TIMEOUT:g}]",
    ),
    click.option(
        "--fail-on", type=_LEVELS, default="error", callback=choice(Level), help="Exit with 1 from here on. [error]"
    ),
    click.option("--traceback", is_flag=True, help="Show Python's traceback of what went wrong."),
)
