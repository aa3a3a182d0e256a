"""A finding's message as template and arguments: what a rule puts in backticks is what varies.

SARIF wants both (3.11): hosts group alerts by template, and a template can be reworded or translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.visible import visible


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


def phrase(finding: Finding, place: str) -> Phrase:
    """The message of `finding`. One that quotes nothing gets `place` for it: "... (in 'layers.0')."."""
    # `[a](b)` in plain text is a link to SARIF viewers (3.11.6); types like `f32[8](strided)` are not.
    message = visible(finding.message()).replace("](", "] (").rstrip()
    if not message.endswith((".", "?", "!")):
        message += "."
    if not re.search(r"`[^`]+`", message):
        message = f"{message[:-1]} (in `{visible(place).replace('`', '') or 'the model'}`)."
    # Odd pieces stood between backticks.
    pieces = re.split(r"`([^`]+)`", message)
    arguments = tuple(dict.fromkeys(pieces[1::2]))
    markdown = "".join(
        f"`{{{arguments.index(piece)}}}`" if number % 2 else piece.replace("{", "{{").replace("}", "}}")
        for number, piece in enumerate(pieces)
    )
    return Phrase(markdown.replace("`", "'"), markdown, arguments)
