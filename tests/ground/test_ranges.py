"""Arrays of equations: names with ranges, texts with indices."""

import numpy as np
import pytest
import scipy.linalg

from continuation import Problem, trace
from continuation.ground.ranges import spread, with_indices, written_out


def test_indices_in_texts():
    assert with_indices("x[j]*a[2*j-1] + y[3] + [j]", {"j": 4}) == "x[4]*a[7] + y[3] + 4"
    assert with_indices("C[i-1,j] - C[i,j+1] + v[0,j] + [j-9]", {"i": 2, "j": 5}) == "C[1,5] - C[2,6] + v[0,5] + (-4)"
    assert with_indices("x[k]", {"j": 1}) == "x[k]"


@pytest.mark.parametrize(
    ("name", "words"),
    [("x[3..1]", "from low to high"), ("x[0..999,0..999]", "1000000"), ("x[1..2,1..2,1..2,1..2]", "up to 3 ranges")],
)
def test_ranges_that_cannot_be(name, words):
    with pytest.raises(ValueError, match=words):
        list(written_out(name))


def test_a_name_that_two_ranges_give_is_refused():
    with pytest.raises(ValueError, match=r"x\[2\]: defined twice"):
        spread({"x[1..2]": "1", "x[2..3]": "1"})


def chain(n, ends):
    """A chain of bistable cells with the mean of neighbours."""
    right = f"lam*x[j] - x[j]**3 + {(n + 1) ** 2}*(x[j-1] - 2*x[j] + x[j+1])"
    return Problem.from_expressions({f"x[1..{n}]": right}, {"lam": 1.0}, definitions=ends)


def test_fixed_ends_bifurcate_at_the_eigenvalues_of_the_difference_matrix():
    n = 30
    problem = chain(n, {"x[0]": "0", f"x[{n + 1}]": "0"})
    branch = trace(problem, {f"x[1..{n}]": 0.0}, "lam", (0.0, 100.0))
    matrix = (n + 1) ** 2 * scipy.linalg.toeplitz([2.0, -1.0, *np.zeros(n - 2)])
    expected = [value for value in np.linalg.eigvalsh(matrix) if value < 100]
    np.testing.assert_allclose([p["lam"] for p in branch.branch_points], expected, rtol=1e-10)


def test_periodic_ends_are_definitions_too():
    n = 12
    problem = chain(n, {"x[0]": f"x[{n}]", f"x[{n + 1}]": "x[1]"})
    u = np.sin(np.arange(n))
    expected = u - u**3 + (n + 1) ** 2 * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    np.testing.assert_allclose(problem.residual(u), expected, rtol=1e-13)


def test_two_indices_make_a_grid():
    equations = {"C[1..2,1..3]": "C[i-1,j] + 10*C[i,j-1] - [i]*C[i,j]"}
    problem = Problem.from_expressions(equations, {}, definitions={"C[0,1..3]": "0", "C[1..2,0]": "[j]"})
    assert problem.states == tuple(f"C[{i},{j}]" for i in (1, 2) for j in (1, 2, 3))
    u = np.arange(1.0, 7.0)
    expected = [10 - 1, 10 * 1 - 2, 10 * 2 - 3, 1 + 20 - 8, 2 + 40 - 10, 3 + 50 - 12]
    np.testing.assert_allclose(problem.residual(u), expected)


def test_a_model_file_may_have_arrays(tmp_path):
    file = tmp_path / "chain.toml"
    file.write_text(
        '[equations]\n"x[1..4]" = "p - x[j] + x[j-1]"\n[parameters]\np = 1\n[definitions]\n"x[0]" = "0"\n'
        '[start]\n"x[1..4]" = 0.5\n'
    )
    problem = Problem.from_file(file)
    assert problem.model.start == {f"x[{k}]": 0.5 for k in range(1, 5)}
    np.testing.assert_allclose(problem.solve(problem.model.start).state, [1, 2, 3, 4])
