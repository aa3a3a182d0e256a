"""What a rule means, at length. One source: its docstring, EXAMPLE, level and pass."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.finding import Finding

if TYPE_CHECKING:
    from rich.console import Console

_EXPECT = re.compile(r"#\s*expect:\s*")


@dataclass(frozen=True)
class Documentation:
    """A rule's docstring: its first sentence, and its sections as (title, text)."""

    summary: str
    sections: tuple[tuple[str, str], ...]

    def section(self, title: str) -> str:
        """The text of the section whose title starts with `title`, or nothing."""
        return next((text for name, text in self.sections if name.lower().startswith(title.lower())), "")


def documentation(rule: type[Finding]) -> Documentation:
    """What the rule's docstring says (Python's -OO drops docstrings; the name remains)."""
    text = inspect.cleandoc(rule.__doc__ or rule.name.replace("-", " ").capitalize() + ".")
    summary, *sections = re.split(r"^## +", text, flags=re.MULTILINE)
    pairs = (section.partition("\n") for section in sections)
    return Documentation(" ".join(summary.split()), tuple((title.strip(), body.strip()) for title, _, body in pairs))


def explain_rule(rule: type[Finding]) -> str:
    """Everything there is to say about a rule, as markdown: docs page, `onnxdx explain` and SARIF help alike."""
    told = documentation(rule)
    parts = [
        f"# {rule.id} {rule.name}",
        f"Level: **{rule.level.value}** · Pass: **{catalog.stage(rule.id)}**",
        told.summary,
        *(f"## {title}\n\n{text}" for title, text in told.sections),
    ]
    if rule.EXAMPLE.strip():
        marked = "Reported on the marked line:\n\n" if _EXPECT.search(rule.EXAMPLE) else ""
        parts.append(f"## Example\n\n{marked}```python\n{example(rule)}\n```")
    return "\n\n".join(parts) + "\n"


def example(rule: type[Finding]) -> str:
    """The rule's EXAMPLE as people read it: `# expect: DX301` becomes `# <- DX301`."""
    return _EXPECT.sub("# <- ", rule.EXAMPLE.strip("\n"))


def render_rule(rule: type[Finding], console: Console) -> None:
    """Print `explain_rule` for the terminal."""
    from rich.markdown import Markdown

    console.print(Markdown(explain_rule(rule), code_theme="ansi_dark"))
