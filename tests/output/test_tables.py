"""Tables of special points: what is told, that numbers read back, that nothing is cut or left unescaped."""

import io
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from continuation.ground.status import Status
from continuation.output.tables import cells, html, number, rich_table, table
from tests import handmade


def lines(branch):
    """Lines of the table by label, split into columns."""
    body = table(branch).split("\n\n")[1].splitlines()
    return {line.split()[0]: line.split() for line in body[1:]}


class Cells(HTMLParser):
    """Texts of the cells, and the tags met."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.tags, self.inside = [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.inside = tag == "td"
        if self.inside:
            self.cells.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_every_special_point_has_one_line_and_its_numbers_read_back(make):
    branch = make()
    found = lines(branch)
    assert list(found) == [point.label for point in branch.special]
    for point in branch.special:
        _, row, *rest = found[point.label]
        assert int(row) == point.index
        for name, cell in zip(branch.vary, rest):
            rounding = 1e-14 * np.max(np.abs(branch[name]), initial=1.0)
            np.testing.assert_allclose(float(cell), point.parameters[name], rtol=1e-13, atol=rounding)


def test_states_are_all_listed_up_to_four_to_ten_digits():
    branch = handmade.matrix()
    np.testing.assert_allclose([float(cell) for cell in lines(branch)["EP1"][3:7]], branch.states[0], 1e-9, 1e-14)


def test_more_states_are_summed_up_and_the_table_says_so():
    branch = handmade.snake(4)
    text = table(branch)
    assert "the norm and the first 3 of 40 states are listed" in text
    cells = [float(cell) for cell in lines(branch)["LP2"][3:7]]
    np.testing.assert_allclose(cells, [branch["norm"][16], *branch.states[16, :3]], rtol=1e-9)


def test_heading_names_the_problem_the_parameter_the_size_and_both_ends():
    first, *ends = table(handmade.snake(4)).splitlines()[:3]
    assert first == "snake: 41 points along p"
    assert ends[0] == f"first end, p = -1: {Status.LIMIT.advice}"
    assert ends[1] == f"last end, p = 1: {Status.MAX_POINTS.advice}"


def test_one_point_is_not_called_points():
    assert table(handmade.single()).startswith("single: 1 point along p\n")


@pytest.mark.parametrize(
    ("make", "label", "words"),
    [
        (handmade.brusselator, "HB1", "0  Hopf point, omega = 1"),
        (handmade.cusp, "LP1", "0  fold"),
        (handmade.cusp, "UZ1", "0  user point u = 1"),
        (handmade.circle, "EP1", "-  end: returned to its start"),
        (handmade.matrix, "EP2", "-  end: no step down to `min_step` was accepted"),
        (handmade.fold_curve, "CP1", "0  cusp"),
    ],
)
def test_type_is_told_in_words_after_the_unstable_count(make, label, words):
    (line,) = [line for line in table(make()).splitlines() if line.startswith(label)]
    assert line.endswith(words)


def test_each_end_of_a_single_row_has_its_own_status():
    found = lines(handmade.single())
    assert " ".join(found["EP1"]).endswith("end: reached a limit of the span")
    assert "NaN" in " ".join(found["EP2"])


def test_point_not_located_shows_its_bracket_and_marks_its_numbers():
    branch = handmade.cusp(located=False)
    low, high = sorted(branch["LP2"].bracket[:, -1])
    line = " ".join(lines(branch)["LP2"])
    assert line.endswith(f"fold, not located: between p = {number(low)} and p = {number(high)}")
    assert lines(branch)["LP2"][2].startswith("~")


def test_point_not_located_without_bracket_is_still_told():
    branch = handmade.cusp(located=False)
    bare = replace(branch, special=tuple(replace(point, bracket=None) for point in branch.special))
    assert " ".join(lines(bare)["LP2"]).endswith("fold, not located")


def test_long_numbers_and_names_are_never_cut():
    branch = handmade.cusp()
    points = tuple(replace(point, parameters={"p": -1.2345678901234e123}) for point in branch.special)
    long = replace(branch, special=points, problem_name="n" * 300)
    assert table(long).count("-1.2345678901234e+123") == len(points)
    assert "n" * 300 in table(long)
    assert "-1.2345678901234e+123" in html(long)


def test_plain_text_is_ascii_and_has_no_trailing_blanks():
    for make in handmade.EVERY.values():
        text = table(make())
        assert text.isascii()
        assert all(line == line.rstrip() for line in text.split("\n"))


def test_html_is_escaped_and_holds_the_same_cells():
    branch = handmade.matrix()
    parsed = Cells(html(branch))
    assert parsed.tags == {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;matrix&gt; &amp; co" in html(branch)
    plain = [" ".join(cells) for cells in lines(branch).values()]
    width = len(parsed.cells) // len(plain)
    assert [" ".join(parsed.cells[k : k + width]) for k in range(0, len(parsed.cells), width)] == plain


def test_html_has_a_heading_over_every_column():
    text = html(handmade.fold_curve())
    rows = text.count("<tr>") - 1
    assert rows == 3
    assert text.count("<td") == rows * text.count("<th>")


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_terminal_table_holds_every_number_where_there_is_room(make):
    from rich.console import Console

    branch, out = make(), io.StringIO()
    Console(file=out, width=250).print(rich_table(branch))
    for point in branch.special:
        assert f" {cells(branch, point)[2]} " in out.getvalue()
    assert branch.problem_name in out.getvalue()


def test_names_with_brackets_are_no_markup():
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=250).print(rich_table(handmade.matrix()))
    assert "C[0,1]" in out.getvalue()
