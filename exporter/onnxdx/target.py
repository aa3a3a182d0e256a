"""Targets: what the command line calls TARGET becomes a model with its inputs.

A target is `path/to/file.py:name`, `package.module:name` or a `.pt2` file. Loading one runs the user's code, and
everything that goes wrong in it is a finding on the user's line.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx_ir as ir
import torch

from onnxdx.registry import OnnxRegistry, RegistrationError
from onnxdx.request import SUPPORTED_OPSETS, ExportOptions, ExportRequest
from onnxdx.targets import dynamic_spec, input_spec, pt2
from onnxdx.targets.target_error import TargetError, TargetMisnamed
from onnxdx.targets.user_files import run_file, said, site_of
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx701_target_not_found import Missing, TargetNotFound
from onnxdx_diagnostics.rules.dx702_target_not_callable import TargetNotCallable
from onnxdx_diagnostics.rules.dx703_target_raised import TargetRaised
from onnxdx_diagnostics.rules.dx704_wrong_target_result import WrongTargetResult
from onnxdx_diagnostics.rules.dx705_bad_input_spec import BadInputSpec
from onnxdx_diagnostics.rules.dx706_unsupported_opset import UnsupportedOpset
from onnxdx_diagnostics.rules.dx708_missing_device import MissingDevice

_NO_DEVICE = re.compile(
    r"not compiled with (?P<a>\w+) enabled|No (?P<b>\w+) GPUs are available|deserialize object on an? (?P<c>\w+)"
    r"|linked with support for (?P<d>\w+) devices|Found no (?P<e>NVIDIA) driver|(?P<f>CUDA) error: invalid device",
    re.IGNORECASE,
)
_RESULT = "(model, args), (model, args, kwargs) or (model, args, kwargs, dynamic_shapes)"


@dataclass(frozen=True)
class ExportTarget:
    """A model and all that its export needs; what a target may return instead of a tuple.

    The fields have the meaning that the arguments of `onnxdx.export` and `ExportOptions` have.
    """

    model: torch.nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None
    registry: OnnxRegistry | None = None
    session_options: Any = None
    optimizations: tuple[Callable[[ir.Model], object], ...] = ()


def load(
    target: str,
    root: str,
    options: ExportOptions | None = None,
    inputs: Sequence[str] = (),
    dynamic: Sequence[str] = (),
) -> ExportRequest:
    """The request to export `target`. `inputs` and `dynamic` are specs of the command line; `root` is the project root.

    Raises TargetMisnamed when the command line is wrong and TargetError when the user's code is; KeyboardInterrupt
    passes through.
    """
    options = options or ExportOptions()
    loading = _Loading(target, root)
    if options.opset_version not in SUPPORTED_OPSETS:
        low, high = SUPPORTED_OPSETS[0], SUPPORTED_OPSETS[-1]
        raise TargetMisnamed(UnsupportedOpset(loading.site, options.opset_version, low, high))
    found = loading.saved() if target.endswith(".pt2") else loading.called(inputs)
    if inputs and target.endswith(".pt2"):
        raise TargetMisnamed(BadInputSpec(loading.site, inputs[0], "unwanted", target))
    shapes = found.dynamic_shapes
    if dynamic:
        shapes = dynamic_spec.parse(dynamic, found.model, found.args, found.kwargs, loading.site)
    return ExportRequest(
        model=found.model,
        args=found.args,
        kwargs=found.kwargs,
        dynamic_shapes=shapes,
        options=replace(
            options,
            onnx_registry=found.registry or options.onnx_registry,
            session_options=found.session_options or options.session_options,
            optimizations=found.optimizations or options.optimizations,
        ),
        target=target,
        root=root,
        call_site=loading.site.location,
    )


class _Loading:
    """One target on its way to a model: keeps where its definition stands and which files are the user's."""

    def __init__(self, target: str, root: str) -> None:
        self.target = target
        self.root = root
        self.site = _glance(target)
        self._files: set[str] = set()

    def saved(self) -> ExportTarget:
        """The program in a `.pt2` file."""
        path = Path(self.target)
        if not path.is_file():
            raise self._not_found("file", self.target, _similar_files(path))
        try:
            program = pt2.load(path)
        except KeyboardInterrupt:
            raise
        except pt2.UnsafeProgram as error:
            raise TargetError(TargetRaised(Site(), f"Loading `{self.target}`", "UnsafeProgram", str(error))) from error
        except Exception as error:
            if _NO_DEVICE.search(str(error)):
                raise TargetError(self._raised(f"Loading `{self.target}`", error)) from error
            raise TargetMisnamed(TargetNotFound(Site(), self.target, "program", self.target)) from error
        return ExportTarget(program.module, program.args, program.kwargs, program.dynamic_shapes)

    def called(self, inputs: Sequence[str]) -> ExportTarget:
        """What the named object of a file or module gives: called, when it is to be called."""
        place, name = self._taken_apart()
        module = self._imported(place)
        self._files.update(filter(None, [getattr(module, "__file__", None)]))
        self._found_at(module, name)
        found = self._attribute(module, name)
        result = found if isinstance(found, (torch.nn.Module, ExportTarget)) else self._call(found, name)
        if isinstance(result, torch.nn.Module):
            args, kwargs = input_spec.parse(inputs, result, self.site)
            return ExportTarget(result, args, kwargs)
        if inputs:
            raise TargetMisnamed(BadInputSpec(self.site, inputs[0], "unwanted", self.target))
        return self._unpacked(result)

    def _taken_apart(self) -> tuple[Path | str, str]:
        """The file or the module's name, and the dotted name in it."""
        left, colon, name = self.target.rpartition(":")
        place = left if colon and not (len(left) == 1 and name.startswith(("\\", "/"))) else self.target
        is_file = place.endswith(".py") or "/" in place or "\\" in place or Path(place).is_file()
        path = Path(place)
        if is_file and not path.is_file():
            raise self._not_found("file", place, tuple(f"{found}:{name}" for found in _similar_files(path)))
        if is_file and path.suffix != ".py":
            raise self._not_found("python file", place)
        if place is self.target or not name:
            offered = _offered(path) if is_file else ()
            raise self._not_found("callable", place, tuple(f"{place}:{each}" for each in offered))
        return (path.resolve() if is_file else place), name

    def _imported(self, place: Path | str) -> ModuleType:
        if isinstance(place, Path):
            self._files.add(str(place))
            with self._blaming(f"Importing `{place.name}`"):
                return run_file(place)
        if "" not in sys.path:
            sys.path.insert(0, "")
        with self._blaming(f"Importing `{place}`"):
            try:
                return importlib.import_module(place)
            except ModuleNotFoundError as error:
                missing = error.name or ""
                if place == missing or place.startswith(missing + "."):
                    raise self._not_found("module", missing) from error
                raise

    def _found_at(self, module: ModuleType, name: str) -> None:
        """Point the site of later findings at the definition of `name`, or at the module's first line."""
        path = getattr(module, "__file__", None)
        if path is None:
            return
        line = source.definition(path, name.rpartition(".")[2])
        found: Any = getattr(module, name.partition(".")[0], None)
        if line is None and found is not None:
            path, line = _definition_elsewhere(inspect.unwrap(found) if callable(found) else found) or (path, None)
        self.site = Site(location=source.region(path, line or 1))

    def _attribute(self, module: ModuleType, name: str) -> Any:
        found: Any = module
        for part in name.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                near = difflib.get_close_matches(part, _offered_by(found), 3)
                place = self.target.rpartition(":")[0]
                raise self._not_found(
                    "attribute", part, tuple(f"{place}:{name.replace(part, each)}" for each in near), self.site
                ) from None
        return found

    def _call(self, found: Any, name: str) -> Any:
        if not callable(found):
            raise TargetMisnamed(TargetNotCallable(self.site, self.target, type(found).__name__))
        signature = _signature(found)
        if signature is not None:
            try:
                signature.bind()
            except TypeError:
                shown = f"{name.rpartition('.')[2]}{input_spec.short(signature)}"
                raise TargetMisnamed(TargetNotCallable(self.site, self.target, type(found).__name__, shown)) from None
        with self._blaming(f"`{name}()`"):
            return found()

    def _unpacked(self, result: Any) -> ExportTarget:
        if isinstance(result, ExportTarget):
            model, args, kwargs = result.model, result.args, result.kwargs
            shapes, own = result.dynamic_shapes, (result.registry, result.session_options, tuple(result.optimizations))
        elif isinstance(result, tuple) and 2 <= len(result) <= 4:
            model, args = result[:2]
            kwargs = {} if len(result) < 3 or result[2] is None else result[2]
            shapes = result[3] if len(result) > 3 else None
            own = (None, None, ())
        else:
            raise self._wrong_result(_described(result), _RESULT)
        if not isinstance(model, torch.nn.Module):
            raise self._wrong_result(f"a `{type(model).__name__}` as the model", "an `nn.Module`")
        if isinstance(args, torch.Tensor):
            args = (args,)
        if not isinstance(args, (tuple, list)):
            raise self._wrong_result(f"a `{type(args).__name__}` as the inputs", "a tuple of inputs")
        if not (isinstance(kwargs, Mapping) and all(isinstance(key, str) for key in kwargs)):
            raise self._wrong_result(f"a `{type(kwargs).__name__}` as the keyword inputs", "a dict by parameter name")
        return ExportTarget(model, tuple(args), dict(kwargs), shapes, *own)

    def _wrong_result(self, returned: str, expected: str) -> TargetError:
        return TargetError(WrongTargetResult(self.site, self.target, returned, expected))

    def _not_found(
        self, missing: Missing, part: str, candidates: tuple[str, ...] = (), site: Site | None = None
    ) -> TargetMisnamed:
        return TargetMisnamed(TargetNotFound(site or Site(), self.target, missing, part, candidates))

    @contextmanager
    def _blaming(self, doing: str) -> Iterator[None]:
        """Turn what the user's code raises into a finding on the user's line."""
        try:
            yield
        except (KeyboardInterrupt, TargetError):
            raise
        except BaseException as error:
            raise TargetError(self._raised(doing, error)) from error

    def _raised(self, doing: str, error: BaseException) -> Finding:
        if isinstance(error, RegistrationError):
            return error.finding()
        site = site_of(error, self.root, self._files, self.site.location)
        missing = _NO_DEVICE.search(str(error))
        if missing:
            device = next(filter(None, missing.groups()))
            return MissingDevice(site, {"nvidia": "cuda"}.get(device.lower(), device.lower()))
        if isinstance(error, SystemExit):
            return TargetRaised(site, doing, "SystemExit", "" if error.code is None else str(error.code))
        module = _in_package(self.target) if "relative import" in str(error) else ""
        return TargetRaised(site, doing, type(error).__name__, said(error), module)


def _in_package(target: str) -> str:
    """The target by the module that its file is in its package; empty when it is in none."""
    place, _, name = target.rpartition(":")
    file = Path(place).resolve()
    parts = [file.stem]
    for folder in file.parents:
        if not (folder / "__init__.py").is_file():
            break
        parts.insert(0, folder.name)
    return f"{'.'.join(parts)}:{name}" if len(parts) > 1 and file.suffix == ".py" else ""


def _glance(target: str) -> Site:
    """Where the target is defined, as far as a look at its file tells without running it."""
    place, _, name = target.rpartition(":")
    line = source.definition(place, name.rpartition(".")[2]) if place.endswith(".py") else None
    return Site(location=source.region(str(Path(place).resolve()), line)) if line else Site()


def _signature(found: Callable[..., Any]) -> inspect.Signature | None:
    """None for callables written in C that do not tell."""
    try:
        return inspect.signature(found)
    except (TypeError, ValueError):
        return None


def _definition_elsewhere(found: object) -> tuple[str, int] | None:
    """File and line where an imported function or class is defined."""
    try:
        path = inspect.getsourcefile(found) if callable(found) else None
        name = getattr(found, "__name__", "")
    except TypeError:
        return None
    line = source.definition(path, name) if path and name else None
    return (path, line) if path and line else None


def _offered(path: Path) -> tuple[str, ...]:
    """The top-level functions and classes of a file that could be targets, without running it."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    functions = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and len(node.args.args) + len(node.args.posonlyargs) == len(node.args.defaults)
    ]
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.bases]
    return (*functions, *classes)[:5]


def _offered_by(found: object) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")]


def _similar_files(path: Path) -> tuple[str, ...]:
    try:
        near = difflib.get_close_matches(path.name, [each.name for each in path.parent.iterdir() if each.is_file()], 3)
    except OSError:
        return ()
    return tuple((path.parent / name).as_posix() for name in near if Path(name).suffix in (".py", ".pt2"))


def _described(result: object) -> str:
    if isinstance(result, (tuple, list)):
        kinds = ", ".join(type(each).__name__ for each in result[:6])
        return f"a {type(result).__name__} of ({kinds}{', ...' if len(result) > 6 else ''})"
    return "nothing" if result is None else f"a `{type(result).__name__}`"
