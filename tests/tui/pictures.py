"""Makes the pictures of docs/tui.md: `python tests/tui/pictures.py RUN`, a run folder of samples/four_operators.py."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from onnxdx_tui.workspace.app import Workspace

PICTURES = {
    "tui-diff.svg": ("j",),
    "tui-source.svg": ("j", "6"),
    "tui-graph.svg": ("j", "5"),
    "tui-keys.svg": ("?",),
}
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


async def take(run: Path, name: str, keys: tuple[str, ...]) -> None:
    """One picture: the run, after these keys."""
    app = Workspace(run)
    async with app.run_test(size=(120, 32)) as pilot:
        for key in ("", *keys):
            if key:
                await pilot.press(key)
            end = time.monotonic() + 20
            while not app.settled and time.monotonic() < end:
                await asyncio.sleep(0.05)
        await pilot.pause(0.3)
        picture = app.export_screenshot(title="onnxdx tui")
    # ids are drawn at random, and fonts would be asked of the network
    identity = re.search(r"terminal-(\d+)-", picture)
    picture = picture.replace(identity[1], "onnxdx") if identity else picture
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (FOLDER / name).write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", encoding="utf-8")


def main() -> None:
    """Take all pictures of the run that is named."""
    FOLDER.mkdir(exist_ok=True)
    run = Path(sys.argv[1]).resolve()
    os.chdir(run.parent)
    for name, keys in PICTURES.items():
        asyncio.run(take(run, name, keys))


if __name__ == "__main__":
    main()
