"""A finding's message as template and arguments, found out from the message itself: rules write plain sentences.

SARIF wants both (3.11): hosts group alerts by template, and a template can be reworded or translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.visible import visible

# Private-use characters stand for the facts while the rule writes its sentence.
_FIRST_HOLE = 0xE000
_HOLES = re.compile("[\ue000-\uf8ff]")
_SITE_FACTS = ("module", "module_class", "fx_node", "op")


@dataclass(frozen=True)
class Phrase:
    """`template` with `{0}` placeholders in single quotes, `markdown` the same with backticks, and the `arguments`."""

    template: str
    markdown: str
    arguments: tuple[str, ...]

    @property
    def text(self) -> str:
        """The template filled in."""
        return fill(self.template, self.arguments)


def fill(template: str, arguments: tuple[str, ...]) -> str:
    """`template` with its placeholders replaced (SARIF 3.11.5: doubled braces are single ones)."""
    return re.sub(
        r"\{\{|\}\}|\{(\d+)\}",
        lambda found: found.group()[0] if found.group(1) is None else arguments[int(found.group(1))],
        template,
    )


def phrase(finding: Finding, place: str = "") -> Phrase:
    """The message of `finding`. One without a quoted fact of its own gets `place` for it: "... (in 'layers.0')."."""
    message, values = _with_holes(finding)
    parts: list[str] = []
    arguments: list[str] = []
    last = 0
    for hole in _HOLES.finditer(message):
        parts.append(_literal(message[last : hole.start()]))
        last = hole.end()
        value = visible(values.get(hole.group(), hole.group()))
        before, after = message[hole.start() - 1 : hole.start()], message[hole.end() : hole.end() + 1]
        if before == after and before in ("`", "'") and value:
            if value not in arguments:
                arguments.append(value)
            parts.append(f"{{{arguments.index(value)}}}")
        else:
            parts.append(_literal(value))
    parts.append(_literal(message[last:]))
    markdown = "".join(parts).rstrip()
    if not markdown.endswith((".", "?", "!")):
        markdown += "."
    if not arguments:
        markdown, arguments = f"{markdown[:-1]} (in `{{0}}`).", [visible(place) or "the model"]
    # `[a](b)` in plain text is a link to SARIF viewers (3.11.6); types like `f32[8](strided)` are not.
    shown = tuple(argument.replace("](", "] (") for argument in arguments)
    markdown = markdown.replace("](", "] (")
    return Phrase(markdown.replace("`", "'"), markdown, shown)


def _literal(text: str) -> str:
    return visible(text).replace("{", "{{").replace("}", "}}")


def _with_holes(finding: Finding) -> tuple[str, dict[str, str]]:
    """The message with holes for all facts that it merely quotes, and what stood in each."""
    message = finding.message()
    if _HOLES.search(message):
        return message, {}
    values: dict[str, str] = {}
    punched = finding
    for name in [*_texts(finding), *_SITE_FACTS]:
        hole = chr(_FIRST_HOLE + len(values))
        value = getattr(finding.site if name in _SITE_FACTS else finding, name)
        attempt = _said(_punch(punched, name, hole))
        if value and hole in attempt and _restored(attempt, {**values, hole: value}) == message:
            punched = _punch(punched, name, hole)
            values[hole] = value
    return _said(punched) if values else message, values


def _texts(finding: Finding) -> list[str]:
    return [name for name, value in finding.facts().items() if isinstance(value, str) and name not in _SITE_FACTS]


def _punch(finding: Finding, name: str, hole: str) -> Finding:
    if name in _SITE_FACTS:
        changes = {name: hole}
        return replace(finding, site=replace(finding.site, **changes))  # type: ignore[arg-type]
    return replace(finding, **{name: hole})  # type: ignore[arg-type]


def _said(finding: Finding) -> str:
    """What the rule says of a fact that it may not know how to read; nothing when it cannot."""
    try:
        return str(finding.message())
    except Exception:  # a rule may parse its facts, and a hole is no value of theirs
        return ""


def _restored(message: str, values: dict[str, str]) -> str:
    return _HOLES.sub(lambda hole: values.get(hole.group(), hole.group()), message)
