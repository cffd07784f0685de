"""Files of other programs whose equations conserve sums of states: eliminated, said, and the same as TOML."""

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.models.description import write_toml

CYCLE = "a'=-k*a+b*c\nb'=k*a-b*c\nc'=a-c\npar k=2, T1=7\ninit a=1,b=2,c=1\naux twice=2*a\n"
BINDING = """\
model m()
  compartment small = 1, large = 4;
  species A in small, B in large, E in small; A = 3; B = 0; E = 5;
  go: A -> B; k*A;  k = 2;
  back: B -> A; B*q;  q = 3;
  made: -> E; 1 - E;
end
"""


def written(folder, name, text):
    file = folder / name
    file.write_text(text)
    return Problem.from_file(file)


def test_totals_are_parameters_of_the_start(tmp_path):
    problem = written(tmp_path, "m.ode", CYCLE)
    model = problem.model
    assert problem.states == ("b", "c")
    assert problem.parameters == {"k": 2.0, "T1": 7.0, "T1_": 3.0}
    assert (model.vary, model.start) == ("k", {"a": 1.0, "b": 2.0, "c": 1.0})
    assert model.notes == (
        "a + b is conserved: T1_, a parameter, is its value (that of the start unless given), and a follows from it",
    )
    branch = trace(problem, model.start, "k", (1.0, 4.0))  # c = a, b = k
    np.testing.assert_allclose(branch["a"] + branch["b"], 3.0, rtol=1e-12)
    np.testing.assert_allclose(branch["twice"], 2 * branch["c"], atol=1e-9)
    other = trace(problem, model.start, "T1_", (2.5, 5.0))
    np.testing.assert_allclose(other["a"] + other["b"], other["T1_"], rtol=1e-12)


def test_the_same_as_toml(tmp_path):
    problem = written(tmp_path, "m.ode", CYCLE)
    other = written(tmp_path, "m.toml", write_toml(problem.model.description))
    assert other.states == problem.states
    assert other.parameters == problem.parameters
    np.testing.assert_array_equal(other.residual([0.3, 0.4]), problem.residual([0.3, 0.4]))


def test_sums_that_hang_on_sizes_are_said_to(tmp_path):
    pytest.importorskip("libsbml")
    pytest.importorskip("antimony")
    problem = written(tmp_path, "m.ant", BINDING)
    assert problem.states == ("B", "E")
    assert "A + 4*B is conserved at these parameters: T1" in problem.model.notes[0]
    branch = trace(problem, problem.model.start, "k", (1.0, 4.0))
    k = branch["k"]
    np.testing.assert_allclose(branch["B"], 3 * k / (3 + 4 * k), rtol=1e-9)  # k A = 3 B, A + 4 B = 3
    with pytest.raises(ValueError, match="not conserved .* when large varies"):
        trace(problem, problem.model.start, "large", (3.0, 5.0))


def test_what_conserves_nothing_is_as_it_was(tmp_path):
    problem = written(tmp_path, "m.ode", CYCLE.replace("c'=a-c", "c'=a-c\nd'=-d").replace("b'=k*a", "b'=1+k*a"))
    assert problem.states == ("a", "b", "c", "d")
    assert problem.model.notes == ()


LEAK = "a'=-k*a+b+leak*(1-a)\nb'=k*a-b\npar k=2, leak=0\ninit a=1,b=2\n"


def test_what_is_conserved_by_a_rate_that_is_zero_stays(tmp_path):
    problem = written(tmp_path, "m.ode", LEAK)
    assert problem.states == ("a", "b")
    assert problem.model.notes == (
        "a + b is conserved at these parameters only: not eliminated, though solutions are not isolated there; change "
        "a parameter",
    )
    np.testing.assert_allclose(problem.solve([0.5, 0.5], {"leak": 1.0}).state, [1.0, 2.0], rtol=1e-12)
    branch = trace(problem, [1.0, 2.0], "k", (1.0, 4.0), parameters={"leak": 0.5})
    np.testing.assert_allclose(branch["b"], branch["k"], rtol=1e-9)
    with pytest.raises(ValueError, match="a . b is conserved at these parameters, so that solutions are not isolated"):
        trace(problem, [1.0, 2.0], "k", (1.0, 4.0))


def test_what_always_holds_is_eliminated_beside_it(tmp_path):
    problem = written(tmp_path, "m.ode", f"{LEAK}c'=d-c\nd'=c-d\ninit c=1\n")
    assert problem.states == ("a", "b", "d")
    assert problem.parameters == {"k": 2.0, "leak": 0.0, "T1": 1.0}
    assert [note.split(":")[0] for note in problem.model.notes] == [
        "a + b is conserved at these parameters only", "c + d is conserved",
    ]  # fmt: skip
    branch = trace(problem, problem.model.start, "k", (1.0, 4.0), parameters={"leak": 0.5})
    np.testing.assert_allclose(branch["b"], branch["k"], rtol=1e-9)
    np.testing.assert_allclose(branch["d"], 0.5, rtol=1e-9)
