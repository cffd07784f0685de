"""Tables of words and numbers as plain text and as HTML, and pages made of lines and tables."""

from html import escape
from typing import NamedTuple


class TextTable(NamedTuple):
    """A heading and rows of as many cells; the first column is a label, the last one words, numbers are between."""

    head: list
    rows: list

    def lines(self) -> list[str]:
        """Write a line for the heading and each row, columns aligned, without blanks at their ends."""
        widths = [max(len(line[k]) for line in [self.head, *self.rows]) for k in range(len(self.head))]
        return [_aligned(line, widths) for line in [self.head, *self.rows]]

    def html(self) -> str:
        """Write an HTML table, every cell escaped."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.head)
        rows = "".join(f"<tr>{_html_cells(line)}</tr>" for line in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def text_page(*parts) -> str:
    """Write parts (lists of lines, tables) as plain text with an empty line between them."""
    return "\n\n".join("\n".join(part.lines() if isinstance(part, TextTable) else part) for part in parts)


def html_page(*parts) -> str:
    """Write the same parts as HTML, each line a paragraph; what a notebook shows."""
    return f"<div>{''.join(_html_part(part) for part in parts)}</div>"


def _html_part(part) -> str:
    """A table, or lines as paragraphs."""
    if isinstance(part, TextTable):
        return part.html()
    return "".join(f"<p>{escape(line)}</p>" for line in part)


def _aligned(cells, widths) -> str:
    """Pad the cells of a line: numbers to the right, the label and the words to the left."""
    label, *numbers, words = cells
    padded = [cell.rjust(width) for cell, width in zip(numbers, widths[1:])]
    return "  ".join([label.ljust(widths[0]), *padded, words]).rstrip()


def _html_cells(cells) -> str:
    """Cells of one line, numbers to the right."""
    right = ' style="text-align: right"'
    last = len(cells) - 1
    return "".join(f"<td{right if 0 < k < last else ''}>{escape(cell)}</td>" for k, cell in enumerate(cells))
