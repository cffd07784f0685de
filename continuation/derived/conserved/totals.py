"""What users say of the totals of conserved sums: names, sums, values, or a start that has them."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from continuation.derived.conserved.conserved_sums import conserved_sums, is_conserved, sum_text
from continuation.derived.conserved.rational_basis import rank_of
from continuation.ground.arguments import check_mapping, shown
from continuation.ground.names import check_numbers


class Totals(NamedTuple):
    """Totals T = C u: their names (t), the coefficients C (t, n), their values (t,)."""

    names: tuple
    matrix: np.ndarray
    values: tuple

    def texts(self, states) -> dict:
        """Name of each total -> the sum that it is of."""
        return {name: sum_text(row, states) for name, row in zip(self.names, self.matrix)}


def read_totals(problem, totals, start, read_sum, word="totals") -> Totals:
    """Check the arguments of `Problem.reduced`; each error names the argument, what came and what was wanted.

    `read_sum(value, names, label)` gives the coefficients of a sum that is text or a sympy expression; `word` is what
    the argument is called.
    """
    p = problem.parameter_values()
    found = conserved_sums(problem, p)
    known = () if found is None else found.sums
    state = None if start is None else problem.state_values(start)
    if totals is None:
        totals = dict.fromkeys(_free_names(problem, len(known)))
    totals = check_mapping(word, totals, "values or sums")
    if not known:
        raise ValueError(f"{word}: these equations conserve no sum of states; there is nothing to reduce")
    names, rows, values = [], [], []
    for place, (name, entry) in enumerate(totals.items()):
        label = f"{word}[{name!r}]"
        if name in (*problem.states, *problem.outputs, *problem.zeros):
            raise ValueError(f"{label}: the name is taken by a state, an output or a zero; call the total otherwise")
        given, value = _split(entry, label)
        row = _known_row(known, place, label) if given is None else read_sum(given, problem.states, label)
        row = np.array(row, float)
        if not is_conserved(problem, row, p):
            raise ValueError(f"{label}: {sum_text(row, problem.states)} is not conserved; {_listed(known)}")
        names.append(name)
        rows.append(row)
        values.append(_value(value, label, row, state, problem.parameters.get(name)))
    _check_complete(word, names, rows, found, lambda row: is_conserved(problem, row, p, range(len(problem.parameters))))
    return Totals(tuple(names), np.array(rows), tuple(values))


def _split(entry, label) -> tuple:
    """Sum and value of an entry, None for what it leaves open."""
    if entry is None:
        return None, None
    if isinstance(entry, (tuple, list)):
        if len(entry) != 2:
            raise ValueError(f"{label}: wanted a value, a sum or a pair (sum, value), got {shown(entry)}")
        return entry[0], entry[1]
    is_sum = isinstance(entry, str) or hasattr(entry, "free_symbols") and entry.free_symbols
    return (entry, None) if is_sum else (None, entry)


def _known_row(known, place, label):
    """Coefficients of the conserved sum number `place`."""
    if place >= len(known):
        raise ValueError(f"{label}: there is no such conserved sum; {_listed(known)}")
    return known[place].coefficients


def _value(value, label, row, state, default) -> float:
    """Value of a total: given, else that of the start, else that of the parameter it is called after."""
    if value is not None:
        return check_numbers(label, value, 0)
    if state is not None:
        return float(row @ state)
    if default is not None:
        return default
    raise ValueError(f"{label}: wanted its value, or a `start=` that has it")


def _check_complete(word, names, rows, found, is_general):
    """Refuse totals that are not independent, or neither all there are nor all that hold at all parameters."""
    known = found.sums
    if rank_of([[Fraction(float(value)) for value in row] for row in rows]) < len(rows):
        raise ValueError(f"{word}: the sums of {names} are not independent; {_listed(known)}")
    if len(rows) != len(known) and not (len(rows) == len(found.general) and all(map(is_general, rows))):
        raise ValueError(f"{word}: wanted {len(known)} of them, got {names}; {_listed(known)}")


def _listed(known) -> str:
    """What is conserved, for errors."""
    return f"conserved: {'; '.join(one.text for one in known) or 'nothing'}"


def _free_names(problem, count) -> list:
    """Names T1, T2 ... that the problem has not taken."""
    taken, made, k = {*problem.states, *problem.parameters, *problem.outputs, *problem.zeros}, [], 0
    while len(made) < count:
        k += 1
        made += [f"T{k}"] if f"T{k}" not in taken else []
    return made


def refusal_of(problem, p, u=None, box=None) -> str:
    """What to say where solutions are asked for of a problem that conserves sums of states; empty if it does not.

    `u` (n,) tells the values of the sums; `box` (2, n) is where states are looked for, if not everywhere.
    """
    has_states = len(problem.unknown_names) == len(problem.states)
    found = conserved_sums(problem, p, box) if has_states and "residual" in problem.functions else None
    if found is None:
        return ""
    values = ["..." if u is None else f"{one.coefficients @ u:.6g}" for one in found.sums]
    names = _free_names(problem, len(values))
    example = ", ".join(f'"{name}": {value}' for name, value in zip(names, values))
    written = ", ".join(f'{name} = "{one.text}"' for name, one in zip(names, found.sums))
    return (
        f"{found.words}, so that solutions are not isolated: use problem.reduced(totals={{{example}}}) (names of your "
        f"own), or in a model file [conserved] {written}"
    )
