"""The app in a browser, as textual-serve brings it there: a run is shown, and nothing is written."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("textual_serve", reason="textual-serve is not installed: pip install 'onnxdx[browser]'")
aiohttp = pytest.importorskip("aiohttp")

pytestmark = pytest.mark.slow

PATHS = os.pathsep.join(str(Path(__file__).parents[2] / each) for each in ("diagnostics", "exporter", "tui"))
SERVE = "from textual_serve.server import Server; Server({command!r}, host='127.0.0.1', port={port}).serve()"
ESCAPES = re.compile(r"\x1b\[[0-9;:?<>=]*[a-zA-Z]")


@pytest.fixture
def served(failing: Path) -> Iterator[int]:
    """The failing run, served on a port of this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = shlex.join([sys.executable, "-m", "onnxdx_tui.cli", "tui", str(failing)])
    environment = {**os.environ, "PYTHONPATH": PATHS}
    server = subprocess.Popen([sys.executable, "-c", SERVE.format(command=command, port=port)], env=environment)
    yield port
    server.terminate()
    server.wait(20)


class Browser:
    """One page of the app: keys go out, text comes in."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket
        self.text = ""

    async def press(self, keys: str) -> None:
        await self._websocket.send_json(["stdin", keys])

    async def until(self, wanted: str, seconds: float = 30.0) -> None:
        """Wait until this has been painted."""
        async with asyncio.timeout(seconds):
            while wanted not in self.text:
                message = await self._websocket.receive()
                assert isinstance(message.data, bytes), f"the page ended after {self.text[-2000:]!r}"
                self.text += ESCAPES.sub("", message.data.decode("utf-8"))


async def connected(session: Any, port: int) -> Any:
    """A websocket to the server, once it listens."""
    end = time.monotonic() + 30
    while True:
        try:
            return await session.ws_connect(f"http://127.0.0.1:{port}/ws?width=120&height=36")
        except aiohttp.ClientConnectorError:
            assert time.monotonic() < end, "the server does not listen"
            await asyncio.sleep(0.05)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout is of 3.11")
def test_a_run_is_shown_in_a_browser_and_a_write_is_refused(served: int, failing: Path) -> None:
    before = {path: path.read_bytes() for path in failing.parent.rglob("*") if path.is_file()}

    async def visit() -> None:
        async with aiohttp.ClientSession() as session, await connected(session, served) as websocket:
            page = Browser(websocket)
            await page.until("read-only")
            await page.until("DX301")
            await page.until("n/N next")
            await page.press("a")
            await page.until("read-only: nothing is written")

    asyncio.run(visit())

    assert {path: path.read_bytes() for path in failing.parent.rglob("*") if path.is_file()} == before
