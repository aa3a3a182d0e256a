"""Edits of texts: applied, shown as a diff, and found from two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxdx_diagnostics.edits import EditMisfits, diff_of, edited, replaced, together
from onnxdx_diagnostics.fix import Edit

TEXTS = st.text(st.sampled_from("ab\n\r\té"), max_size=40)


@given(TEXTS, TEXTS)
def test_the_edits_between_two_texts_make_the_one_of_the_other(before: str, after: str) -> None:
    edits = replaced("net.py", before, after)

    assert edited(edits, {"net.py": before}).get("net.py", before) == after


def test_several_edits_of_one_file_are_of_the_text_as_it_was() -> None:
    edits = (Edit("n.py", 2, 1, 2, 2, "B"), Edit("n.py", 1, 1, 1, 1, "# first\n"))

    assert edited(edits, {"n.py": "a\nb\n"}) == {"n.py": "# first\na\nB\n"}


def test_an_insertion_makes_a_file_that_is_not_there() -> None:
    after = edited([Edit("new.py", 1, 1, 1, 1, "x = 1\n")], {})

    assert after == {"new.py": "x = 1\n"}
    assert diff_of({}, after) == "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x = 1\n"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit("n.py", 3, 1, 3, 1, "")],
        [Edit("n.py", 1, 3, 1, 3, "")],
        [Edit("n.py", 1, 1, 1, 2, ""), Edit("n.py", 1, 1, 2, 1, "x")],
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edits: list[Edit]) -> None:
    with pytest.raises(EditMisfits):
        edited(edits, {"n.py": "a\n"})


def test_a_diff_names_files_from_the_root_on_and_tells_of_a_missing_line_end() -> None:
    diff = diff_of({"/p/n.py": "a"}, {"/p/n.py": "b"}, "/p")

    assert diff == (
        "--- a/n.py\n+++ b/n.py\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    )


@given(TEXTS, TEXTS)
def test_a_change_together_with_itself_is_that_change(before: str, after: str) -> None:
    edits = replaced("net.py", before, after)

    assert edited(together([edits, edits]), {"net.py": before}) == edited(edits, {"net.py": before})


def test_what_two_changes_insert_at_one_place_is_inserted_once_and_in_the_order_of_both() -> None:
    def made(*statements: str) -> tuple[Edit, ...]:
        return tuple(Edit("new.py", 1, 1, 1, 1, f"{each}\n") for each in statements)

    edits = together([made("import b", "r = b.R()", "r.f()"), made("import a", "import b", "r = b.R()", "r.g()")])

    assert edited(edits, {})["new.py"].split("\n") == ["import a", "import b", "r = b.R()", "r.f()", "r.g()", ""]


def test_changes_of_other_places_come_together_and_overlaps_are_refused() -> None:
    first, second = Edit("n.py", 1, 1, 1, 2, "A"), Edit("n.py", 2, 1, 2, 2, "B")
    overlapping = Edit("n.py", 1, 2, 2, 2, "C")

    assert edited(together([(first,), (second,), (first,)]), {"n.py": "a1\nb1\n"}) == {"n.py": "A1\nB1\n"}
    with pytest.raises(EditMisfits):
        edited(together([(second,), (overlapping,)]), {"n.py": "a1\nb1\n"})
