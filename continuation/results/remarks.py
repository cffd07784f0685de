"""`Remark`: what the reader of a branch should know that no special point says."""

from typing import NamedTuple

UNVOUCHED = "not vouched for:"  # how remarks on steps begin that `Branch.certify` leaves in doubt


class Remark(NamedTuple):
    """A line of text, and the row of the branch that it is about; no row where it is about the whole."""

    text: str
    row: int | None = None

    def __str__(self):
        return self.text

    def moved(self, place):
        """The same remark with its row at ``place(row)``."""
        return self if self.row is None else self._replace(row=place(self.row))


def joined_remarks(remarks, others, shift) -> tuple:
    """Remarks of a branch and of one that goes on `shift` rows later, each said once."""
    return unique_remarks([*remarks, *(remark.moved(lambda row: row + shift) for remark in others)])


def reversed_remarks(remarks, last) -> tuple:
    """The remarks when the rows, the last of which is `last`, run the other way."""
    return tuple(remark.moved(lambda row: last - row) for remark in reversed(remarks))


def cut_remarks(remarks, rows) -> tuple:
    """The remarks that concern the first `rows` rows."""
    return tuple(remark for remark in remarks if remark.row is None or remark.row < rows)


def unique_remarks(remarks) -> tuple:
    """The remarks in their order, each text once for the same row."""
    return tuple(dict.fromkeys(remarks))
