"""Edits as text: what files become by them, and the unified diff that people read. Nothing is read or written here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.fix import Edit


class EditMisfits(ValueError):
    """An edit's region is not in its file, or overlaps that of another edit."""


def edited(edits: Iterable[Edit], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of the files that `edits` change, changed. A file that is not in `texts` is empty.

    Lines end where "\\n" stands; all else, "\\r" too, is text of its line. Raises EditMisfits.
    """
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return {path: _edited(texts.get(path, ""), of_file) for path, of_file in by_path.items()}


def together(several: Iterable[tuple[Edit, ...]]) -> tuple[Edit, ...]:
    """Several changes of the same files as one.

    What two of them insert at the same place is inserted once, and all of it in the order that each wants: two
    functions for one registry file need its imports once. Equal replacements are one; those that overlap stay, and
    `edited` refuses them.
    """
    insertions: dict[tuple[str, int, int], list[Edit]] = {}
    replacements: dict[Edit, None] = {}
    for edits in several:
        places: dict[tuple[str, int, int], list[Edit]] = {}
        for edit in edits:
            start, end = _region(edit)
            if start == end:
                places.setdefault((edit.path, *start), []).append(edit)
            else:
                replacements[edit] = None
        for place, inserted in places.items():
            insertions[place] = _merged(insertions.get(place, []), inserted)
    return (*(edit for inserted in insertions.values() for edit in inserted), *replacements)


def diff_of(before: Mapping[str, str], after: Mapping[str, str], root: str = "") -> str:
    """A unified diff of all files of `after`; those that are not in `before` are new."""
    return "".join(_diff(shown_path(path, root), before.get(path), text) for path, text in sorted(after.items()))


def replaced(path: str, before: str, after: str) -> tuple[Edit, ...]:
    """The edits that make `after` of `before`: one for each run of lines that differs."""
    old, new = before.split("\n"), after.split("\n")
    edits = []
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        edits.append(_line_edit(path, old, new, (start, end), (new_start, new_end)))
    return tuple(edits)


def overlap(first: Iterable[Edit], second: Iterable[Edit]) -> bool:
    """Whether two changes of the same files replace the same text, each in its own way."""
    own, others = set(first), set(second)
    return any(_touch(one, other) for one in own - others for other in others - own)


def _touch(one: Edit, other: Edit) -> bool:
    (start, end), (other_start, other_end) = _region(one), _region(other)
    return one.path == other.path and start < other_end and other_start < end


def _region(edit: Edit) -> tuple[tuple[int, int], tuple[int, int]]:
    return (edit.start_line, edit.start_column), (edit.end_line, edit.end_column)


def _merged(first: list[Edit], second: list[Edit]) -> list[Edit]:
    """Two sequences as one that holds both, each in its order, with what they have in common once."""
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    merged = []
    for tag, start, end, second_start, second_end in matcher.get_opcodes():
        merged += first[start:end]
        merged += second[second_start:second_end] if tag != "equal" else []
    return merged


def _line_edit(path: str, old: list[str], new: list[str], was: tuple[int, int], now: tuple[int, int]) -> Edit:
    """Lines `was` of `old` become lines `now` of `new` (0-based, end exclusive)."""
    start, end = was
    text = "\n".join(new[now[0] : now[1]])
    if end < len(old):  # whole lines, with the line end of the last
        return Edit(path, start + 1, 1, end + 1, 1, text + "\n" if now[1] > now[0] else "")
    if start == 0:
        return Edit(path, 1, 1, len(old), len(old[-1]) + 1, text)
    # the last lines, which nothing ends: the line end before them goes along
    return Edit(
        path, start, len(old[start - 1]) + 1, len(old), len(old[-1]) + 1, "\n" + text if now[1] > now[0] else ""
    )


def _edited(text: str, edits: list[Edit]) -> str:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    spans = sorted(
        (_offset(starts, e, e.start_line, e.start_column), _offset(starts, e, e.end_line, e.end_column), n)
        for n, e in enumerate(edits)
    )
    parts, at = [], 0
    for start, end, number in spans:
        if start < at or end < start:
            raise EditMisfits(f"edits overlap at line {edits[number].start_line}")
        parts += [text[at:start], edits[number].text]
        at = end
    return "".join([*parts, text[at:]])


def _offset(starts: list[int], edit: Edit, line: int, column: int) -> int:
    if not (1 <= line < len(starts) and 1 <= column <= starts[line] - starts[line - 1]):
        raise EditMisfits(f"there is no line {line} with a column {column}")
    return starts[line - 1] + column - 1


def _diff(path: str, before: str | None, after: str) -> str:
    old = [] if before is None else before.splitlines(keepends=True)
    rows = difflib.unified_diff(
        old, after.splitlines(keepends=True), "/dev/null" if before is None else f"a/{path}", f"b/{path}"
    )
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)
