"""Text and HTML from the same parts: alignment, empty parts, escaping."""

from continuation.output.text_table import TextTable, html_page, text_page

TABLE = TextTable(["label", "p", "type"], [["LP1", "1", "fold"], ["EP10", "-22", ""]])


def test_numbers_stand_right_label_and_words_left_and_no_line_ends_in_blanks():
    assert TABLE.lines() == ["label    p  type", "LP1      1  fold", "EP10   -22"]


def test_a_table_without_rows_is_its_heading():
    assert TABLE._replace(rows=[]).lines() == ["label  p  type"]


def test_html_escapes_every_cell_and_turns_numbers_to_the_right():
    text = TextTable(["<a>", "b&"], [["<c>", "1 < 2"]]).html()
    assert text == (
        "<table><thead><tr><th>&lt;a&gt;</th><th>b&amp;</th></tr></thead>"
        "<tbody><tr><td>&lt;c&gt;</td><td>1 &lt; 2</td></tr></tbody></table>"
    )
    assert TABLE.html().count('<td style="text-align: right">') == 2


def test_pages_hold_their_parts_in_order():
    lines = ["one <problem>", "two"]
    assert text_page(lines, TABLE, ["end"]) == "\n".join([*lines, "", *TABLE.lines(), "", "end"])
    assert html_page(lines, TABLE) == f"<div><p>one &lt;problem&gt;</p><p>two</p>{TABLE.html()}</div>"
