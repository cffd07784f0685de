"""Where curves of special points may start, how they go on and end, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, Settings, Status, trace
from systems import textbook
from tests.special_curves import FINE, atmosphere_curves, lorenz84, on_curve


@pytest.fixture(scope="module")
def atmosphere():
    return atmosphere_curves()


def test_a_curve_starts_at_every_point_that_was_found(atmosphere):
    problem, _, (folds, first, second, _) = atmosphere
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    for curve in (folds, first, second):
        for point in curve.special:
            if point.kind is Kind.END:
                continue
            again = trace(problem, point, ("F", "T"), span, settings=FINE)
            assert Status.STEP_TOO_SMALL not in again.ends
            near = np.min(np.abs(again.unknowns[:, -1] - point["F"]) + np.abs(again.unknowns[:, -2] - point["T"]))
            assert near < 1e-9
            assert len(again) > 50
            if point.kind is not Kind.HOPF_HOPF:  # two curves cross there
                assert kinds_on(again) == kinds_on(folds if again.problem.kind is Kind.FOLD else curve), point.label


def kinds_on(curve):
    """Labels of the special points of a curve, in either order of its rows."""
    return sorted(point.label for point in curve.special if point.kind is not Kind.END)


def test_the_point_that_a_curve_starts_at_is_on_it():
    """A test function that vanishes in the first row says nothing there, so the start lies beside the point."""
    cusp = textbook.cusp()
    fold = trace(cusp, [-1.3], "mu", (-1, 1), parameters={"nu": 1.0}).folds[0]
    folds = trace(cusp, fold, ("mu", "nu"), {"nu": (-2, 2)})
    assert on_curve(folds, CP=1)
    assert on_curve(trace(cusp, folds["CP1"], ("mu", "nu"), {"nu": (-2, 2)}), CP=1)
    limits = {"p": (-2, 2), "q": (-2, 2)}
    problem = Problem.from_expressions({"x": "y", "y": "p + q*x + 2*x**2 - 3*x*y"}, {"p": -1.0, "q": 0.0})
    double = trace(problem, [-0.7, 0.0], "p", (-2, 1))["LP1"]  # a fold and already a Bogdanov-Takens point
    curve = trace(problem, double, ("p", "q"), limits)
    assert on_curve(curve, BT=1)
    assert_allclose([curve["BT1"]["p"], curve["BT1"]["q"]], 0.0, atol=1e-10)


def test_the_hopf_curve_starts_and_ends_at_a_bogdanov_takens_point(atmosphere):
    problem, _, (folds, _, second, _) = atmosphere
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    curve = trace(problem, folds["BT2"], ("F", "T"), span, settings=FINE, curve=Kind.HOPF)
    assert on_curve(curve, BT=1, GH=1, HH=1)
    assert_allclose(curve["GH1"].state, second["GH1"].state, atol=1e-8)
    assert "where the curve ends" in str(second)
    other = trace(problem, folds["BT2"], ("F", "T"), {"F": (0, 3.5), "T": (-0.1, 0.1)}, settings=FINE, curve=Kind.HOPF)
    assert on_curve(other, BT=1, GH=1, HH=1)
    assert "Bogdanov-Takens" in str(second)


def test_counts_leave_out_the_critical_eigenvalues(atmosphere):
    for curve, critical in zip(atmosphere[2][:2], (1, 2)):
        ordinary = set(range(len(curve))) - {p.index for p in curve.special}
        for row in list(ordinary)[::7]:
            values = curve.eigenvalues[row]
            away = np.sort(np.abs(values.real))[critical - 1] < 1e-6
            assert away
            assert np.sum(values.real > 1e-6) == curve.unstable[row]


def test_both_parameters_have_limits_and_a_curve_goes_on(atmosphere):
    problem, branch, (folds, *_) = atmosphere
    short = trace(problem, branch["LP1"], ("F", "T"), {"T": (0.01, 0.05)}, settings=FINE)
    assert sorted([short["T"][0], short["T"][-1]]) == [0.01, 0.05]
    assert short.ends == (Status.LIMIT, Status.LIMIT)
    few = trace(problem, branch["LP1"], ("F", "T"), {"T": (-0.1, 0.1)}, settings=Settings(max_step=0.02, max_points=9))
    longer = few.extend(max_points=300)
    assert len(longer) > len(few)
    assert "CP1" in [p.label for p in longer.special]
    assert longer.check()


def test_points_of_a_curve_at_a_value_of_either_parameter(atmosphere):
    folds = atmosphere[2][0]
    for value in ({"F": 1.5}, {"T": 0.05}):
        for point in folds.at(**value):
            f, a = lorenz84(point.state, point["F"], point["T"])
            assert [point[name] for name in value] == pytest.approx(list(value.values()), abs=1e-14)
            assert np.max(np.abs(f)) < 1e-12
            assert np.linalg.svd(a, compute_uv=False)[-1] < 1e-9
    assert (len(folds.at(F=1.5)), len(folds.at(T=0.05))) == (2, 1)


def test_a_curve_is_saved_and_loaded(atmosphere, tmp_path):
    from continuation import Branch

    folds = atmosphere[2][0]
    folds.save(tmp_path / "folds.nc")
    again = Branch.load(tmp_path / "folds.nc")
    assert again.vary == ("F", "T")
    assert [p.label for p in again.special] == [p.label for p in folds.special]
    assert_allclose(again["T"], folds["T"], rtol=0)
    assert str(again).splitlines()[-1] == str(folds).splitlines()[-1]


def test_a_plot_shows_both_parameters(atmosphere):
    import matplotlib.pyplot as plt

    ax = atmosphere[2][0].plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("F", "T")
    plt.close(ax.figure)


# Bad input


@pytest.mark.parametrize(
    ("vary", "span", "words"),
    [
        (("b", "b"), {}, "two different parameters, got 'b' twice"),
        (("b", "c"), {}, "no parameter named 'c'"),
        (("b",), {}, "the name of one parameter or of two"),
        (("a", "b", "a"), {}, "the name of one parameter or of two"),
        (("b", "a"), (0, 5), "limits by name for two parameters"),
        (("b", "a"), {"z": (0, 1)}, "nothing named 'z' can have limits"),
        (("b", "a"), {"b": (1, 0)}, "low < high"),
    ],
)
def test_names_and_limits_are_checked(vary, span, words):
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    with pytest.raises(ValueError, match=words):
        trace(problem, branch["HB1"], vary, span)


def test_points_are_checked(atmosphere):
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    with pytest.raises(ValueError, match="wanted a special point"):
        trace(problem, [1.0, 1.0], ("b", "a"))
    with pytest.raises(ValueError, match="got EP1"):
        trace(problem, branch["EP1"], ("b", "a"))
    with pytest.raises(ValueError, match="was not located"):
        trace(problem, replace(branch["HB1"], located=False), ("b", "a"))
    with pytest.raises(ValueError, match="wanted one of .'HOPF'. through HB1"):
        trace(problem, branch["HB1"], ("b", "a"), curve=Kind.FOLD)


def test_points_of_other_problems_are_refused():
    fold = trace(textbook.cusp(), [-1.3], "mu", (-1, 1), parameters={"nu": 1.0}).folds[0]
    with pytest.raises(ValueError, match=r"start: has the states .'x'.; this problem has .'x', 'y'."):
        trace(textbook.brusselator(), fold, ("b", "a"))


def test_a_kernel_of_two_dimensions_has_no_curve():
    problem = Problem.from_expressions({"x": "mu*x - x**3", "y": "mu*y*nu - y**3"}, {"mu": -1.0, "nu": 1.0})
    trunk = trace(problem, [0.0, 0.0], "mu", (-2, 2))
    with pytest.raises(ValueError, match="the kernel of F_u at BP1 has dimension 2"):
        trace(problem, trunk["BP1"], ("mu", "nu"))
