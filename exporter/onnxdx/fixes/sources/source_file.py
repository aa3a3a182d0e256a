"""A file of the user's as a libcst tree with positions: what stands where, and edits of exactly that."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from onnxdx_diagnostics import text_file
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.fix import Edit

Node = TypeVar("Node", bound=cst.CSTNode)
Statement = cst.BaseSmallStatement | cst.BaseCompoundStatement
Function = cst.FunctionDef | cst.Lambda


@dataclass(frozen=True)
class SourceFile:
    """The text of a file. Raises `cst.ParserSyntaxError` where the tree is asked for and there is none."""

    path: str
    text: str

    @staticmethod
    def read(path: str) -> SourceFile | None:
        """The file as it is on disk; None when it cannot be read or is no Python."""
        try:
            found = text_file.read(Path(path))
            file = SourceFile(path, found.text) if found is not None else None
            return file if file is not None and file.module is not None else None
        except (OSError, text_file.NotText, cst.ParserSyntaxError):
            return None

    @cached_property
    def module(self) -> cst.Module:
        """The tree, which gives the text again exactly."""
        return self._wrapper.module

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")

    @cached_property
    def _wrapper(self) -> MetadataWrapper:
        return MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)

    @cached_property
    def _positions(self) -> dict[cst.CSTNode, CodeRange]:
        return dict(self._wrapper.resolve(PositionProvider))

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return dict(self._wrapper.resolve(ParentNodeProvider))

    def code(self, node: cst.CSTNode) -> str:
        """The node as it is written, without what is around it."""
        return self.module.code_for_node(node).strip()

    def range(self, node: cst.CSTNode) -> CodeRange:
        """Where the node stands, with its parentheses; lines count from 1, columns from 0."""
        if isinstance(node, cst.BaseExpression) and node.lpar and node.rpar:
            return CodeRange(self._positions[node.lpar[0]].start, self._positions[node.rpar[-1]].end)
        return self._positions[node]

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """All nodes of a kind, in the order of the file, the outer before the inner."""
        return (node for node in self._all if isinstance(node, kind))

    @cached_property
    def _all(self) -> list[cst.CSTNode]:
        return [node for node in descendants(self.module) if node in self._positions]

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What the node stands in, from the inside out."""
        while (parent := self._parents.get(node)) is not None:
            yield parent
            node = parent

    def around(self, node: cst.CSTNode, kind: type[Node]) -> Node | None:
        """The innermost node of a kind that holds the node."""
        return next((parent for parent in self.parents(node) if isinstance(parent, kind)), None)

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """The statement that the node belongs to."""
        kinds = (cst.SimpleStatementLine, cst.BaseCompoundStatement)
        return next((each for each in (node, *self.parents(node)) if isinstance(each, kinds)), None)

    def following(self, statement: cst.CSTNode) -> list[cst.BaseStatement] | None:
        """The statements after it in its block; None when the block is on the line of its header."""
        block = self._parents.get(statement)
        if not isinstance(block, (cst.IndentedBlock, cst.Module)):
            return None
        body = list(block.body)
        return body[body.index(statement) + 1 :]  # type: ignore[arg-type]

    def expression_at(self, place: Location) -> cst.BaseExpression | None:
        """The outermost expression of exactly this region, or else the innermost that holds it."""
        wanted = ((place.line, place.column - 1), (place.end_line, place.end_column - 1))
        holding = []
        for node in self.nodes(cst.BaseExpression):  # type: ignore[type-abstract]
            start, end = _ends(self.range(node))
            if wanted in ((start, end), _ends(self._positions[node])):
                return node
            if start <= wanted[0] and wanted[1] <= end:
                holding.append(node)
        return holding[-1] if holding and place.end_column else None

    def indent(self, node: cst.CSTNode) -> str:
        """The white space before the line on which the node begins."""
        line = self.lines[self.range(node).start.line - 1]
        return line[: len(line) - len(line.lstrip())]

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """The node becomes `text`, and nothing else but that comments inside of it move in front of the statement."""
        start, end = _ends(self.range(node))
        found = [(_ends(self.range(each)), self.code(each)) for each in self.nodes(cst.Comment)]
        lost = [code for (first, last), code in found if start <= first and last <= end and code not in text]
        statement = self.statement(node)
        if not lost or statement is None:
            return Edit(self.path, start[0], start[1] + 1, end[0], end[1] + 1, text)
        line, indent = self.range(statement).start.line, self.indent(statement)
        kept = [f"{indent}{comment}" for comment in lost]
        before = "\n".join([*kept, *self.lines[line - 1 : start[0] - 1], self.lines[start[0] - 1][: start[1]]])
        return Edit(self.path, line, 1, end[0], end[1] + 1, before + text)

    def replace_statements(self, first: cst.CSTNode, last: cst.CSTNode, text: str) -> Edit:
        """Whole lines, from those of `first` to those of `last`, become the lines of `text`, indented as they were.

        Comments between them are kept, in front; the one on the first line stays on its line.
        """
        start, end = self.range(first).start.line, self._last_line(last)
        indent = self.indent(first)
        kept, trailing = self._comments(start, end)
        first_line, newline, others = text.partition("\n")
        if trailing and trailing not in text:
            first_line += "  " + trailing
        body = textwrap.indent(first_line + newline + others, indent)
        lead = "".join(f"{indent}{comment}\n" for comment in kept if comment not in text)
        return Edit(self.path, start, 1, end, len(self.lines[end - 1]) + 1, lead + body)

    def without_first(self, decision: cst.If, text: str) -> Edit | None:
        """The first side of an `if` becomes lines in front of the rest, whose `elif` becomes `if`.

        None when the rest does not begin with a line of its own.
        """
        if not isinstance(decision.orelse, cst.If):
            return None
        start, rest = self.range(decision).start.line, self.range(decision.orelse).start.line
        indent, line = self.indent(decision), self.lines[rest - 1]
        if not line.startswith(f"{indent}elif"):
            return None
        kept, trailing = self._comments(start, rest - 1)
        lead = "".join(f"{indent}{comment}\n" for comment in [*([trailing] if trailing else []), *kept])
        text = textwrap.indent(text, indent)
        return Edit(self.path, start, 1, rest, len(indent) + 5, f"{lead}{text}\n{indent}if")

    def delete_statement(self, statement: cst.CSTNode) -> Edit:
        """Drop the lines of a statement."""
        start, end = self.range(statement).start.line, self._last_line(statement)
        kept, trailing = self._comments(start, end)
        indent = self.indent(statement)
        lead = "".join(f"{indent}{comment}\n" for comment in [*([trailing] if trailing else []), *kept])
        return Edit(self.path, start, 1, end + 1, 1, lead)

    def insert_before(self, statement: cst.CSTNode, text: str) -> Edit:
        """New lines in front of a statement, indented like it."""
        line = self.range(statement).start.line
        decorators = getattr(statement, "decorators", ())
        line = min([line, *(self.range(each).start.line for each in decorators)])
        return Edit(self.path, line, 1, line, 1, textwrap.indent(text, self.indent(statement)) + "\n")

    def insert_after(self, statement: cst.CSTNode, text: str) -> Edit:
        """New lines behind a statement, indented like it."""
        last = self._last_line(statement)
        indented = textwrap.indent(text, self.indent(statement))
        if last < len(self.lines):
            return Edit(self.path, last + 1, 1, last + 1, 1, indented + "\n")
        end = len(self.lines[-1]) + 1
        return Edit(self.path, last, end, last, end, "\n" + indented)

    def block_text(self, statements: Sequence[cst.CSTNode]) -> str:
        """The lines of some statements of one block, comments and all, without their indent."""
        start, end = self.range(statements[0]).start, self._last_line(statements[-1])
        lines = self.lines[start.line - 1 : end]
        if self.lines[start.line - 1][: start.column].strip():  # on the line of a header
            return "\n".join(self.code(statement).rstrip("; ") for statement in statements)
        above = start.line - 2
        while above >= 0 and self.lines[above].strip().startswith("#"):
            lines.insert(0, self.lines[above])
            above -= 1
        return textwrap.dedent("\n".join(lines))

    def new_tensors(self, statements: Sequence[cst.CSTNode], text: str) -> str:
        """The text of some statements with `x = x + 1` for `x += 1`, which writes into a tensor."""
        for node in (each for statement in statements for each in descendants(statement)):
            if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
                name, value = node.target.value, self.code(node.value)
                plain = isinstance(
                    node.value, (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.Integer, cst.Float)
                )
                new = f"{name} = {name} {self.code(node.operator).rstrip('=')} {value if plain else f'({value})'}"
                text = text.replace(self.code(node), new)
        return text

    def has_long_strings(self, statements: Sequence[cst.CSTNode]) -> bool:
        """Whether a string reaches over lines, so that indenting them would change it."""
        return any(
            isinstance(node, (cst.SimpleString, cst.FormattedString)) and "\n" in self.code(node)
            for statement in statements
            for node in descendants(statement)
        )

    def imports(self, module: str) -> str:
        """The name under which a module is imported at the top of the file; empty when it is not."""
        for small in statements_of(self.module.body):
            for alias in small.names if isinstance(small, cst.Import) else ():
                if self.code(alias.name) == module:
                    return self.code(alias.asname.name) if alias.asname else module
        return ""

    def importing(self, module: str) -> tuple[str, tuple[Edit, ...]]:
        """The name of a module in this file, and what must be added for it to be known."""
        name = self.imports(module)
        if name:
            return name, ()
        return module, (self.add_import(f"import {module}"),)

    def add_import(self, statement: str) -> Edit:
        """A new import, in front of the first that the file has (after those from `__future__`)."""
        for each in self.module.body:
            small = each.body[0] if isinstance(each, cst.SimpleStatementLine) else None
            future = isinstance(small, cst.ImportFrom) and small.module and self.code(small.module) == "__future__"
            is_docstring = isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString)
            if not (future or is_docstring):
                return self.insert_before(each, statement)
        return Edit(self.path, len(self.lines), 1, len(self.lines), 1, statement + "\n")

    def _last_line(self, node: cst.CSTNode) -> int:
        """The last line of a statement: that of its last part, comments behind a block left out."""
        end = self.range(node).end
        return end.line - 1 if end.column == 0 and end.line > 1 else end.line

    def _comments(self, start: int, end: int) -> tuple[list[str], str]:
        """The comments on these lines: those behind the first line, and the one on it."""
        found = [(self.range(node).start.line, self.code(node)) for node in self.nodes(cst.Comment)]
        inside = [(line, comment) for line, comment in found if start <= line <= end]
        trailing = next((comment for line, comment in inside if line == start), "")
        return [comment for line, comment in inside if line != start], trailing


def descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all that is in it."""
    yield node
    for child in node.children:
        yield from descendants(child)


def statements_of(block: cst.BaseSuite | Sequence[cst.CSTNode]) -> list[Statement]:
    """The single statements of a block, those that share a line too."""
    body = block.body if isinstance(block, cst.BaseSuite) else block
    found: list[Statement] = []
    for each in body:
        if isinstance(each, cst.SimpleStatementLine):
            found += each.body
        elif isinstance(each, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            found.append(each)
    return found


def _ends(place: CodeRange) -> tuple[tuple[int, int], tuple[int, int]]:
    return (place.start.line, place.start.column), (place.end.line, place.end.column)
