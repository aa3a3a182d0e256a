"""Identities of results. The vectors are those of github/codeql-action, src/fingerprints.test.ts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxdx_diagnostics.fingerprint import line_hashes, node_key

GREETING = "e9496ae3ebfced30 fb7c023a8b9ccb3f ce8ba1a563dcdaca e20e36e16fcb0cc8 b3edc88f2938467e c8e28b0b4002a3a0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "c129715d7a2bc9a3"),
        (" a\nb\n  \t\tc\n d", "271789c17abda88f 54703d4cd895b18 180aee12dab6264 a23a3dc5e078b07b"),
        (
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
            "8b7cf3e952e7aeb2 b1ae1287ec4718d9 bff680108adb0fcc c6805c5e1288b612 b86d3392aea1be30 e6ceba753e1a442",
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", f"{GREETING} c129715d7a2bc9a3"),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", f"{GREETING} c129715d7a2bc9a3"),
        (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", f"{GREETING} c129715d7a2bc9a3"),
        (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", f"{GREETING} c129715d7a2bc9a3"),
    ],
)
def test_line_hashes_are_those_of_code_scanning(text: str, expected: str) -> None:
    assert line_hashes(text) == [f"{value}:1" for value in expected.split()]


def test_equal_lines_are_counted() -> None:
    hashes = line_hashes("Lorem ipsum dolor sit amet.\n" * 10)

    assert hashes == [
        *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
        "a7f2ff1481e87703:1",
        "a9cf91f7bbf1862b:1",
        "55ec222b86bcae53:1",
        "cc97dc7b1d7d8f7b:1",
        "c129715d7a2bc9a3:1",
    ]


@given(st.text())
def test_line_ends_and_blanks_do_not_matter(text: str) -> None:
    text = text.replace("\r", "")

    assert line_hashes(text) == line_hashes(text.replace("\n", "\r\n")) == line_hashes(text.replace("\n", " \t\n"))


def test_node_key_tells_layers_apart() -> None:
    keys = {node_key("DX301", module, "aten.sum", number) for module in ("a.0", "a.1") for number in (1, 2)}

    assert len(keys) == 4
