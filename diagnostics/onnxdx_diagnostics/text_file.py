"""Python files as text and back, byte for byte: encoding, byte order mark and line ends stay what they are."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from onnxdx_diagnostics.edits import diff_of, edited
from onnxdx_diagnostics.fix import Edit

_LONE_CR = re.compile(r"\r(?!\n)")
_LINE_END = re.compile(r"\r?\n")


class NotText(ValueError):
    """The file's bytes are not the text that its encoding declaration promises, or edits cannot be told in it."""


@dataclass(frozen=True)
class TextFile:
    """The text of a file, without its byte order mark; every "\\r" of the file is in it."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def line_end(self) -> str:
        """The line end of the file's first line; "\\n" when it has none."""
        found = _LINE_END.search(self.text)
        return found[0] if found else "\n"

    def with_text(self, text: str) -> bytes:
        """The bytes of this file with another text. Raises NotText when the file's encoding cannot say it."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            said = text[error.start : error.start + 1]
            raise NotText(f"its encoding, {self.encoding}, has no {said!a}") from None


def decoded(content: bytes) -> TextFile:
    """The text of a Python file's bytes, by its byte order mark and its coding line. Raises NotText."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = content[len(mark) :].decode(encoding)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        why = f"they are not {error.encoding}" if isinstance(error, UnicodeDecodeError) else str(error)
        raise NotText(f"its bytes are not the text of a Python file: {why}") from None
    if _LONE_CR.search(text):
        raise NotText("it has line ends that are a carriage return alone")
    if text.encode(encoding) != content[len(mark) :]:
        raise NotText(f"its bytes are not the only way to write its text in {encoding}")
    return TextFile(text, encoding, mark)


def encoded(text: str) -> bytes:
    """The bytes of a Python file with this text, by its coding line. Raises NotText."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(text.encode()).readline)
    return TextFile(text, encoding).with_text(text)


def read(path: Path) -> TextFile | None:
    """The text of the file at `path`; None when there is none. Raises NotText and OSError."""
    try:
        return decoded(path.read_bytes())
    except FileNotFoundError:
        return None


def diff_on_disk(edits: Iterable[Edit], root: str = "") -> str:
    """The unified diff of what `edits` make of the files as they are now. Raises NotText, EditMisfits and OSError."""
    edits = tuple(edits)
    found = {path: read(Path(path)) for path in {edit.path for edit in edits}}
    before = {path: file.text for path, file in found.items() if file is not None}
    return diff_of(before, edited(edits, before), root)
