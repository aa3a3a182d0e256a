"""The block of a registry file: decorator, typed function, docstring with the proof, what it is written for, body."""

from __future__ import annotations

import enum
import itertools
import keyword
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from onnxdx.compat.torch_operators import OpOverload, name_of, schema
from onnxdx.compat.writing_operators import writer_of, written_in_words
from onnxdx.user_functions.operator_signatures import WITHOUT_MEANING
from onnxdx.user_functions.registry_source import FunctionSource

WIDTH = 100
"""Lines of generated code are not longer, where they can be broken."""


class About(enum.Enum):
    """What a limit is about. Arguments always count; the others only where a trial shows that the code needs them."""

    ARGUMENT = "arguments"
    RANK = "numbers of dimensions"
    DTYPE = "dtypes"
    SIZE = "sizes"
    VALUE = "values that the model computes, which code cannot check"


@dataclass(frozen=True)
class Limit:
    """A condition on the arguments that the code was made under: `holds` in Python, `says` in words."""

    about: About
    holds: str
    says: str


@dataclass(frozen=True)
class Case:
    """Code for the uses that meet `limits`: statements, and the expressions that are the results."""

    limits: tuple[Limit, ...]
    lines: tuple[str, ...]
    results: tuple[str, ...]
    imports: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ScriptBody:
    """The body of an operator of a domain of its own, as an ONNX function that stays one in the model.

    `domain` and `name` are what the model calls the operator, `case` is its only code: a script refuses nothing.
    """

    target: OpOverload
    case: Case
    domain: str
    name: str
    how: str
    is_eager_code: bool = True
    is_guess: bool = False

    def source(self, needed: frozenset[About] = frozenset(), proof: str = "") -> FunctionSource:
        """The text, for a registry file; the limits that are needed are told in the docstring."""
        operator = name_of(self.target).removesuffix(".default")
        said = [limit.says for limit in self.case.limits if limit.about in needed | {About.ARGUMENT}]
        only = f"It is for {', '.join(said)}." if said else ""
        lines = [f'@registry.op("{operator}")', f'@script(OnnxDomain("{self.domain}"), default_opset=op)']
        lines += [f"def {self.name}({', '.join(_parameters(self.target))}):"]
        lines += _indented(docstring(self.target, " ".join(filter(None, [self.how, only])), proof))
        lines += _indented(_body(self.case))
        imports = {
            "from onnxscript import opset18 as op",
            "from onnxscript import script",
            "from onnxdx import OnnxDomain",
        }
        return FunctionSource(operator, "\n".join(lines) + "\n", tuple(sorted(imports | self.case.imports)))


@dataclass(frozen=True)
class Block:
    """A function for an operator, before it is text. `how` says in one sentence what its code is,
    `computed` which numbers may come as tensors.
    """

    target: OpOverload
    cases: tuple[Case, ...]
    how: str
    complex: bool = False
    is_eager_code: bool = True
    computed: frozenset[str] = frozenset()
    is_guess: bool = False

    def source(self, needed: frozenset[About] = frozenset(), proof: str = "") -> FunctionSource:
        """The text, for a registry file, with the limits that are needed and what it was tried on."""
        cases = self._with_needed_limits(needed | {About.ARGUMENT})
        operator = name_of(self.target).removesuffix(".default")
        flag = ", complex=True" if self.complex else ""
        parameters = ", ".join(_parameters(self.target, self.computed))
        lines = [f'@registry.op("{operator}"{flag})', f"def {function_name(self.target)}({parameters}):"]
        values = {limit.says: None for case in self.cases for limit in case.limits if limit.about is About.VALUE}
        how = f"{self.how} It is for {', '.join(values)}." if values else self.how
        lines += _indented(docstring(self.target, how, proof))
        lines += _indented(_cases(cases))
        imports = {"from onnxscript import opset18 as op", *(each for case in cases for each in case.imports)}
        if any("ir." in limit.holds for case in cases for limit in case.limits):
            imports.add("import onnx_ir as ir")
        if "Sequence[" in parameters:
            imports.add("from collections.abc import Sequence")
        return FunctionSource(operator, "\n".join(lines) + "\n", tuple(sorted(imports)), self.complex)

    def _with_needed_limits(self, needed: frozenset[About]) -> tuple[Case, ...]:
        """The cases with the limits that count: those that are needed, and what tells cases of different code apart.

        Ranks and dtypes always tell them apart: only the code of the first use is tried on others than its own.
        """
        if len({(case.lines, case.results) for case in self.cases}) > 1:
            needed |= {About.RANK, About.DTYPE}
            return self._with(needed if _are_apart(self._with(needed)) else needed | {About.SIZE})
        first, *others = self._with(needed)
        return (replace(first, limits=tuple(each for each in first.limits if all(each in o.limits for o in others))),)

    def _with(self, counting: frozenset[About]) -> tuple[Case, ...]:
        """The cases with these limits alone, each only once."""
        kept = (
            replace(case, limits=tuple(limit for limit in case.limits if limit.about in counting))
            for case in self.cases
        )
        return tuple({(case.limits, case.lines, case.results): case for case in kept}.values())


def _are_apart(cases: Sequence[Case]) -> bool:
    """Whether no arguments meet the limits of two cases of different code."""
    return all(
        (one.lines, one.results) == (other.lines, other.results) or _exclude(one, other)
        for one, other in itertools.combinations(cases, 2)
    )


def _exclude(one: Case, other: Case) -> bool:
    """Whether a limit of one case says of something what a limit of the other says otherwise."""
    said = dict(map(_statement, one.limits))
    return any(said.get(what, how) != how for what, how in map(_statement, other.limits))


def _statement(limit: Limit) -> tuple[str, str]:
    """What a limit is on, and what it says of that: of `len(x.shape) == 2` the number of dimensions, and 2."""
    for sign in (" == ", " is "):
        what, found, how = limit.holds.partition(sign)
        if found:
            return what, how
    return limit.holds.removeprefix("not "), str(limit.holds.startswith("not "))


class Candidate(Protocol):
    """What a way offers: a function that may be what the operator is. `how` says in one sentence what its code is."""

    @property
    def how(self) -> str: ...

    @property
    def is_eager_code(self) -> bool:
        """Whether the function is made of what eager runs: then of equal values it may take others than eager does."""
        ...

    @property
    def is_guess(self) -> bool:
        """Whether nothing but a name speaks for the function."""
        ...

    def source(self, needed: frozenset[About] = frozenset(), proof: str = "") -> FunctionSource:
        """The text, for a registry file, with the limits that are needed and what it was tried on."""
        ...


def function_name(target: OpOverload) -> str:
    """What the function for an operator is called: after it, and its overload where it has one."""
    overload = schema(target).overload_name
    base = schema(target).name.partition("::")[2]
    name = re.sub(r"\W", "_", base + (f"_{overload}" if overload else ""))
    return f"{name}_" if keyword.iskeyword(name) or name in ("op", "registry") else name


def docstring(target: OpOverload, how: str, proof: str) -> list[str]:
    """The lines of the docstring: the schema, what is returned for what is written, how, what the code was tried on."""
    said = re.sub(
        r"\d\.\d+e-\d+", lambda found: repr(float(found[0])), str(schema(writer_of(target))).partition("::")[2]
    )
    writes = written_in_words(target)
    text = " ".join(filter(None, [f"Returns {writes}." if writes else "", how, proof]))
    body = textwrap.wrap(text, WIDTH - 8)
    first = f'"""{said}'
    return [first, "", *body, '"""'] if body else [f'{first}"""']


def _cases(cases: Sequence[Case]) -> list[str]:
    if len(cases) == 1:
        (case,) = cases
        return [line for limit in case.limits for line in guard(limit)] + _body(case)
    shared = [limit for limit in cases[0].limits if all(limit in case.limits for case in cases)]
    lines = [line for limit in shared for line in guard(limit)]
    for case in cases:
        own = [limit.holds for limit in case.limits if limit not in shared]
        lines += [*_condition(own), *_indented(_body(case))]
    return [*lines, 'raise NotImplementedError("there is no case for arguments like these")']


def _condition(parts: Sequence[str]) -> list[str]:
    """`if ...:` for what has to hold, on several lines where one would be too long."""
    line = f"if {' and '.join(parts) or 'True'}:"
    if len(line) <= WIDTH - 4:
        return [line]
    first, *others = parts
    return ["if (", f"    {first}", *(f"    and {other}" for other in others), "):"]


def guard(limit: Limit) -> list[str]:
    """The statement that refuses what a limit leaves out."""
    return [f"if {_negated(limit.holds)}:", f"    raise NotImplementedError({_quoted('this is for ' + limit.says)})"]


def _negated(condition: str) -> str:
    if condition.removeprefix("not ").isidentifier():
        return condition[4:] if condition.startswith("not ") else f"not {condition}"
    for sign, other in ((" == ", " != "), (" is not ", " is "), (" is ", " is not "), (" > ", " <= "), (" < ", " >= ")):
        if condition.count(sign) == 1 and " and " not in condition and " or " not in condition:
            return condition.replace(sign, other)
    return f"not ({condition})"


def _body(case: Case) -> list[str]:
    return [*(part for line in case.lines for part in _broken(line)), *_broken(f"return {', '.join(case.results)}")]


def _broken(line: str) -> list[str]:
    """A call that is too long for a line, with an argument on each."""
    if len(line) <= WIDTH - 4 or not line.endswith(")"):
        return [line]
    head, _, rest = line.partition("(")
    parts, depth, current = [], 0, ""
    for sign in rest[:-1]:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += sign
    wrapped = [line for part in [*parts, current.strip()] for line in textwrap.wrap(f"{part},", WIDTH - 8)]
    return [f"{head}(", *(f"    {line}" for line in wrapped), ")"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', "'") + '"'


_TYPES = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "number": "float", "List[int]": "Sequence[int]",
    "List[float]": "Sequence[float]", "List[bool]": "Sequence[bool]", "List[number]": "Sequence[float]",
}  # fmt: skip


def _parameters(target: OpOverload, computed: frozenset[str] = frozenset()) -> list[str]:
    """The parameters with their types; what a model computes (`computed`) is a tensor or a number."""
    parameters: list[str] = []
    defaults = True  # a parameter has none before one that has none
    for argument in reversed(schema(target).arguments):
        if argument.name in WITHOUT_MEANING:
            continue
        kind = str(argument.type)
        optional = kind.startswith("Optional[")
        annotation = _TYPES.get(kind.removeprefix("Optional[")[:-1] if optional else kind, "")
        annotation = "" if argument.name in computed else annotation
        text = parameter_name(argument.name)
        if annotation:
            text += f": {annotation}{' | None' if optional else ''}"
        default = _default(argument)
        defaults = defaults and default is not None
        if defaults:
            text += f" = {default}" if annotation else f"={default}"
        parameters.append(text)
    return parameters[::-1]


def parameter_name(name: str) -> str:
    """The parameter that stands for an argument; `from` is no name in Python."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _default(argument: torch.Argument) -> str | None:
    if not argument.has_default_value():
        return "None" if str(argument.type).startswith("Optional[") else None
    value: Any = argument.default_value
    if isinstance(value, str):
        return f'"{value}"'
    return repr(tuple(value)) if isinstance(value, list) else repr(value)
