"""A program in a terminal of its own, as somebody at the keyboard has it: keys go in, bytes come out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Terminal:
    """One program in a pseudo terminal."""

    def __init__(
        self,
        command: list[str],
        size: tuple[int, int] = (120, 36),
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.output = bytearray()
        self.painted_last = 0.0
        self.started = time.monotonic()
        self.pid, self._master = pty.fork()
        if not self.pid:
            for name in ("COLUMNS", "LINES", "NO_COLOR", "SSH_CONNECTION"):
                os.environ.pop(name, None)
            os.chdir(folder or ".")
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})})
            # the environment as Python has it: readline puts the size of another terminal beside it
            os.execvpe(command[0], command, os.environ)
        columns, rows = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._status: int | None = None

    def read(self, seconds: float) -> bytes:
        """What is painted in the next so many seconds."""
        new = bytearray()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self._master], [], [], left)
            if not readable:
                break
            try:
                part = os.read(self._master, 1 << 16)
            except OSError:
                break
            if not part:
                break
            new += part
            self.painted_last = time.monotonic()
        self.output += new
        return bytes(new)

    def quiet(self, still: float = 0.25, most: float = 60.0) -> float:
        """Wait until nothing has been painted for a while; when the last byte came, in seconds since the start."""
        start = time.monotonic()
        while (now := time.monotonic()) - max(start, self.painted_last) < still and now - start < most:
            self.read(0.02)
        return self.painted_last - self.started

    def until(self, text: bytes, most: float = 30.0) -> float:
        """Wait until this has been painted; when it was, in seconds since the start."""
        end = time.monotonic() + most
        while text not in self.output:
            if time.monotonic() > end:
                raise TimeoutError(f"{text!r} was not painted in {most} s, but {bytes(self.output[-4000:])!r}")
            self.read(0.02)
        return time.monotonic() - self.started

    def press(self, keys: bytes) -> float:
        """Send keys; seconds until the first byte that answers them."""
        self.read(0)
        start = time.monotonic()
        os.write(self._master, keys)
        readable, _, _ = select.select([self._master], [], [], 5)
        return time.monotonic() - start if readable else float("inf")

    def painted(self, keys: bytes, still: float = 0.15) -> float:
        """Send keys; seconds until the last byte of what they change."""
        self.quiet()
        start = time.monotonic()
        self.press(keys)
        return self.started + self.quiet(still) - start

    def frames(self, seconds: float) -> int:
        """How often something is painted in the next so many seconds; what comes within 5 ms is one frame."""
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            before = self.painted_last
            if self.read(0.002) and self.painted_last - before > 0.005:
                count += 1
        return count

    def cpu(self) -> float:
        """Seconds of CPU that the program has used, without its children."""
        # the clock of another process, as clock_getcpuclockid(3) makes it: /proc counts in ticks of 10 ms
        return time.clock_gettime(~self.pid << 3 | 2)

    def memory(self) -> float:
        """Resident memory, in MB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE / 1e6

    def children(self) -> list[int]:
        """The processes that it started."""
        task = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(each) for path in task.parent.parent.glob("*/children") for each in path.read_text().split()]

    def waited(self, most: float = 30.0) -> int:
        """Wait for the end of the program; its exit code, or minus the signal that ended it."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
                self.read(0.05)
                os.close(self._master)
                return os.waitstatus_to_exitcode(status)
        raise TimeoutError(f"the program has not ended in {most} s")

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the program, if it has not ended."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            _, self._status = os.waitpid(self.pid, 0)
            os.close(self._master)


def onnxdx(*arguments: str) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "onnxdx_tui.cli", *arguments]
