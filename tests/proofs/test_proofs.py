"""Theorems along branches: what is true is proven, and what is not is not."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("flint")

import flint

from continuation import Problem, Settings, trace
from continuation.proofs.arithmetic import NotProven, ProofError, precision
from continuation.proofs.certificates.claims_to_prove import Candidate, Curve, Statement, Step
from continuation.proofs.events_along import sums_of_pairs
from continuation.proofs.exact import ExactEquations
from continuation.proofs.tubes import Segment, Tube, second_derivatives, tangent_over
from continuation.proofs.tubes import holds as holds_box
from continuation.proofs.verify import verify


def traced(equations, parameters, start, vary, span, **options):
    return trace(Problem.from_expressions(equations, parameters), start, vary, span, **options)


def events(proof):
    return [event for curve in proof.theorem.curves for event in curve.events]


def holds(point, values):
    """Whether the box of a point holds exact values and is known to 12 digits."""
    return all(x.overlaps(value) and x.rad() < 1e-12 for x, value in zip(point.box, values))


CUSP = ({"x": "p + q*x - x**3"}, {"p": -1.0, "q": 1.0}, [-1.3], "p", (-1.0, 1.0))
BRUSSELATOR = (
    {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"},
    {"a": 1.0, "b": 1.0},
    [1.0, 1.0],
    "b",
    (0.0, 5.0),
)


def test_the_cusps_folds():
    proof = traced(*CUSP).prove()
    assert proof
    assert events(proof) == [("fold", "LP1"), ("fold", "LP2")]
    with precision():
        root = flint.arb(3).sqrt()
        assert holds(proof["LP1"], [-1 / root, 2 / (3 * root)])
        assert holds(proof["LP2"], [1 / root, -2 / (3 * root)])
        assert proof["LP1"].facts["d2p/dx2"].overlaps(-6 / root)
    assert "Branch points: none" in str(proof)


def test_the_brusselators_hopf_point():
    proof = traced(*BRUSSELATOR).prove()
    assert proof
    assert events(proof) == [("Hopf point", "HB1")]
    with precision():
        assert holds(proof["HB1"], [flint.arb(1), flint.arb(2), flint.arb(2)])
        assert proof["HB1"].facts["speed"].overlaps(flint.arb(0.5))  # half the trace b - 2
        assert proof["HB1"].facts["unstable"] == 0


def test_the_pitchfork_on_its_invariant_subspace():
    proof = traced({"x": "p*x - x**3"}, {"p": -1.0}, [0.0], "p", (-1.0, 1.0)).prove()
    assert proof
    assert events(proof) == [("branch point", "BP1")]
    assert holds(proof["BP1"], [flint.arb(0), flint.arb(0)])


def test_a_hopf_point_and_a_pitchfork_where_states_stay_zero():
    equations = {"x": "p*x - y - x*(x**2 + y**2)", "y": "x + p*y - y*(x**2 + y**2)", "z": "(p - 0.3)*z - z**3 + x*y"}
    proof = traced(equations, {"p": -1.0}, [0.0] * 3, "p", (-1.0, 1.0)).prove()
    assert sorted(event for event in events(proof) if event[1]) == [("Hopf point", "HB1"), ("branch point", "BP1")]
    with precision():
        assert holds(proof["BP1"], [0, 0, 0, flint.arb(flint.fmpq(3, 10))])


def test_a_circle_is_one_curve_with_two_folds():
    proof = traced({"x": "x**2 + p**2 - 1"}, {"p": 0.0}, [1.0], "p", (-2.0, 2.0)).prove()
    assert proof
    assert sorted(events(proof)) == [("fold", "LP1"), ("fold", "LP2")]


def test_no_tube_is_wide_for_nothing():
    """Straight branches lie in tubes as wide as steps: uniqueness is said of more than rounding."""
    (curve,) = traced(*BRUSSELATOR).prove().theorem.curves
    assert curve.width > 0.01


# What is not so is not proven


def test_a_jump_between_two_sheets():
    """Rows beyond the gap of a hyperbola are put on its other branch: true solutions, no curve between."""
    branch = traced({"x": "x**2 - p**2 - 1e-4"}, {"p": -1.0}, [1.0], "p", (-1.0, 1.0))
    assert branch.prove()
    beyond = branch.parameter > 0
    unknowns = branch.unknowns.copy()
    unknowns[beyond, 0] *= -1
    wrong = replace(branch, unknowns=unknowns, states=unknowns[:, :1]).prove()
    assert not wrong
    row = int(np.flatnonzero(beyond)[0])
    assert f"between rows {row - 1} and {row}" in str(wrong)
    assert len(wrong.theorem.curves) == 2


def test_rows_of_another_problem():
    branch = traced(*CUSP, settings=Settings(max_points=4))
    other = Problem.from_expressions({"x": "p + q*x - x**3 + 0.1"}, branch.parameters)
    assert not replace(branch, problem=other).prove()


def test_a_branch_point_off_subspaces_is_a_gap_with_its_unfolding():
    proof = traced({"x": "(x - p)*(x + p - 0.3)"}, {"p": -1.0}, [-1.0], "p", (-1.0, 1.0)).prove()
    assert not proof
    assert len(proof.theorem.curves) == 2
    assert proof["BP1"].kind == "branch point of an unfolding"
    assert proof["BP1"].facts["beta"].contains(0)
    assert "(BP1)" in str(proof)


def test_an_imperfect_branch_point_is_none():
    """With a gap of 1e-12 its unfolding is not 0, whatever a trace says."""
    found = statement({"x": "x**2 - p**2 - 1e-12"}, point=("branch point of an unfolding", "x", ["0", "0", "1e-12"]))
    assert "its unfolding is not 0" in verify(found).failures[0]


def test_a_hopf_point_that_does_not_cross():
    equations = {"x": "p**2*x - y", "y": "x + p**2*y"}
    found = statement(equations, point=("Hopf point", "x", ["0", "0", "0", "0", "-1", "1"]), zero=("x", "y"))
    assert verify(found).failures


def test_two_pairs_on_the_axis():
    equations = {"x": "p*x - y", "y": "x + p*y", "z": "p*z - 2*w", "w": "2*z + p*w"}
    numbers = ["0", "0", "0", "0", "-1", "0", "0", "1"]
    found = statement(equations, point=("Hopf point", "x", numbers), zero=("x", "y", "z", "w"))
    assert "other eigenvalues" in verify(found).failures[0]


def test_a_degenerate_fold_is_none():
    found = statement({"x": "p - x**3"}, point=("fold", "x", ["0", "0"]))
    assert verify(found).failures


def test_a_box_holds_one_point_or_is_none():
    """p = x**3 - x turns at 1/sqrt(3) and at minus that: a box around one that holds the other says nothing."""
    box = [repr(3**-0.5), repr(-2 * 3**-1.5)]
    for radius, proven in ((1e-14, True), (0.1, True), (1.5, False), (1e-20, False)):
        found = statement({"x": "p - x**3 + x"}, point=("fold", "x", box), radius=radius)
        assert bool(verify(found).points) is proven


def test_a_fold_of_the_fourth_order_is_not_counted():
    """Where p = x**4 turns, p'' vanishes: it stays a gap."""
    proof = traced({"x": "p - x**4"}, {"p": 1.0}, [1.0], "p", (-1.0, 1.0), direction=-1).prove()
    assert not proof


def test_a_branch_point_that_does_not_cross():
    branch = traced({"x": "p**2*x - x**3"}, {"p": -1.0}, [0.0], "p", (-1.0, 1.0))
    assert not branch.prove()


def statement(equations, points=(), steps=(), point=None, zero=(), radius=1e-14):
    """A claim in x (first state) and p."""
    curves = [Curve(tuple(points), tuple(Step(*step) for step in steps), (0, 1))] if points else []
    if point:
        kind, pivot, box = point
        point = Candidate("P1", kind, pivot, tuple((text, radius.hex()) for text in box))
    return Statement("claim", equations, {}, {"p": "0"}, "p", zero, tuple(curves), (point,) if point else ())


def arc(radius, angle=0.2, equation="x**2 + p**2 - 1"):
    """A chord of the unit circle around (1, 0), measured by p, with a tube of this radius."""
    x, p = repr(math.cos(angle)), math.sin(angle)
    return statement({"x": equation}, [(x, repr(-p)), (x, repr(p))], [("p", (radius.hex(), (0.0).hex()))])


def test_a_tube_holds_its_curve_or_is_none():
    """The arc leaves its chord by 0.02: narrower tubes don't hold it; wider ones than 2 hold the other half as well."""
    for radius in (0.08, 0.1, 0.3):
        assert not verify(arc(radius)).failures
    for radius in (0.0199, 0.001, 2.1, 10.0):
        assert verify(arc(radius)).failures


def test_a_curve_leaves_its_tube_beside_the_middle():
    """x = p**3 - p from p = -1 to 1: on the chord at both ends and in the middle, off it by 0.385 between."""
    for radius, proven in ((0.1, False), (0.38, False), (6.0, True)):
        step = ("p", (radius.hex(), (0.0).hex()))
        found = verify(statement({"x": "x - p**3 + p"}, [("0", "-1"), ("0", "1")], [step]))
        assert bool(found.curves) is proven


@pytest.mark.parametrize(("x", "p", "inside"), [(0, 0.5, True), (0, 1.5, False), (0, -0.5, False), (1.5, 0.5, False)])
def test_what_lies_in_a_tube(x, p, inside):
    """Around the segment from (0, 0) to (0, 1), a unit wide."""
    start, along, radii = ([flint.arb(value) for value in row] for row in ((0, 0), (0, 1), (1, 0)))
    tube = Tube(Segment(start, along, 1, radii), [], [])
    assert holds_box(tube, [flint.arb(x), flint.arb(p)]) is inside


def test_tangents_are_those_of_the_curve():
    """Of p = x**2 at (1, 1), x measured along (1, 1/2): p' = 2, p'' = 2."""
    with precision():
        parabola = ExactEquations(statement({"x": "p - x**2"}).source, "p")
        point, c = [flint.arb(1), flint.arb(1)], [flint.arb(1), flint.arb(0.5)]
        tangent = tangent_over(parabola, point, c, 0)
        assert [float(t) for t in tangent] == [1, 2]
        assert [float(t) for t in second_derivatives(parabola, point, tangent, 0)] == [0, 2]


def test_how_far_a_curve_passes_by_its_points():
    """The circle x**2 + p**2 = 0.98 from points on the unit circle."""
    (curve,) = verify(arc(0.1, equation="x**2 + p**2 - 0.98")).curves
    x = math.cos(0.2)
    assert curve.off == pytest.approx(x - math.sqrt(x**2 - 0.02), rel=0.1)


def test_no_curve_is_proven_where_there_is_none():
    assert verify(arc(0.1, equation="x**2 + p**2 - 0.5")).failures
    found = statement({"x": "x**2 + 1e-30"}, [("0", "-1"), ("0", "1")], [("p", ("0x1p-3", "0x0p0"))])
    assert verify(found).failures


def test_ends_are_solutions():
    """The tube is right, its first point is not near enough to a solution of its slice to lie on the curve."""
    found = arc(0.1)
    (curve,) = found.curves
    moved = replace(curve, points=(("0.5", curve.points[0][1]), curve.points[1]))
    assert verify(replace(found, curves=(moved,))).failures


@pytest.mark.parametrize("wrong", [("0.1", "-1"), ("0", "-1", "0x1p-3")])
def test_states_that_are_zero_are_so_on_the_curve(wrong):
    """Points off the subspace, or a tube that is thick across it, are no claim in it."""
    thick = wrong[2] if len(wrong) > 2 else "0x0p0"
    found = statement({"x": "p*x - x**3"}, [wrong[:2], ("0", "1")], [("p", (thick, "0x0p0"))], zero=("x",))
    with pytest.raises(ProofError, match="wanted 0 at all points"):
        verify(found)


def test_two_folds_on_one_segment_are_not_one():
    """p = x**3 - 0.01 x along x from -0.5 to 0.5."""
    text, end = "x**3 - 0.01*x - p", repr(0.5**3 - 0.005)
    found = statement({"x": text}, [("-0.5", "-" + end), ("0.5", end)], [("x", ("0x0p0", "0x1p2"))])
    assert "several folds" in verify(found).failures[0]


def test_two_branch_points_on_one_segment_are_not_one():
    """On x = 0 the slope p**2 - 0.01 vanishes at -0.1 and at 0.1."""
    step = ("p", ("0x0p0", "0x0p0"))
    found = statement({"x": "(p**2 - 0.01)*x - x**3"}, [("0", "-0.5"), ("0", "0.5")], [step], zero=("x",))
    assert "several times" in verify(found).failures[0]
    (curve,) = verify(statement({"x": "(p**2 - 0.01)*x"}, [("0", "0.05"), ("0", "0.2")], [step], zero=("x",))).curves
    assert curve.events == [("branch point", "")]


def test_sums_of_pairs_of_eigenvalues():
    matrix = np.random.default_rng(4).normal(size=(4, 4))
    sums = sums_of_pairs([[flint.arb(value) for value in row] for row in matrix]).tolist()
    found = np.linalg.eigvals([[float(value) for value in row] for row in sums])
    exact = [a + b for a, b in itertools.combinations(np.linalg.eigvals(matrix), 2)]
    assert np.sort_complex(found) == pytest.approx(np.sort_complex(exact), abs=1e-12)


def test_a_fold_on_a_point_is_not_counted_twice():
    """p = x**2 from x = -0.5 to 0, where it turns, to 0.5."""
    points, step = [("-0.5", "0.25"), ("0", "0"), ("0.5", "0.25")], ("x", ("0x0p0", "0x1p2"))
    found = statement({"x": "x**2 - p"}, points, [step, step])
    assert "may lie at an end" in verify(found).failures[0]


def test_a_circle_gone_round_twice_is_not_proven():
    """Each fold would be counted twice."""
    angles = np.linspace(0.1, 2 * np.pi + 0.1, 41)
    points = [(repr(float(np.cos(a))), repr(float(np.sin(a)))) for a in angles[:-1]]
    points.append(points[0])
    steps = []
    for (x, p), (y, q) in zip(points, points[1:]):
        along = "x" if abs(float(y) - float(x)) > abs(float(q) - float(p)) else "p"
        radii = (0.0, 0.02) if along == "x" else (0.02, 0.0)
        steps.append((along, tuple(r.hex() for r in radii)))
    circle = {"x": "x**2 + p**2 - 1"}
    once = verify(statement(circle, points, steps))
    assert not once.failures
    assert [kind for kind, _ in once.curves[0].events] == ["fold", "fold"]
    twice = verify(statement(circle, points + points[1:], steps + steps))
    assert "pass its beginning again" in twice.failures[0]


def test_the_coordinate_along_a_segment_has_no_radius():
    """The tube would be said to be wide where nothing is proven."""
    step = ("p", ((2.0**-40).hex(), (2.0**20).hex()))
    with pytest.raises(ProofError, match="no radius"):
        verify(statement({"x": "x - p"}, [("-1", "-1"), ("1", "1")], [step]))


def test_a_point_of_an_unfolding_beside_states_that_are_zero_is_refused():
    """x is 0 there, whatever the box says."""
    point = "branch point of an unfolding", "y", ("5", "0", "0", "0", "0")
    claim = statement({"x": "x", "y": "y**2 - p**2"}, point=point, zero=("x",))
    with pytest.raises(ProofError, match="no states are said to be 0"):
        verify(claim)


def test_equations_without_a_value_within_a_tube_are_not_proven():
    """Their derivative goes on over p = 0.3, they do not."""
    text = "x - p + log((p - 3/10)**2) - 2*log(abs_of)".replace("2*log(abs_of)", "log((p - 3/10)*(p - 3/10))")
    step = ("p", ((0.125).hex(), (0.0).hex()))
    assert verify(statement({"x": text}, [("-1", "-1"), ("1", "1")], [step])).failures


def test_tubes_that_do_not_meet():
    """Two true arcs, claimed to be one curve: from the upper half of a circle to the lower."""
    x, p = repr(math.cos(0.2)), repr(math.sin(0.2))
    points = [(x, "-" + p), (x, p), ("-" + x, p)]
    step = ("p", ((0.1).hex(), (0.0).hex()))
    assert verify(statement({"x": "x**2 + p**2 - 1"}, points, [step, step])).failures


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Problem(lambda u, p, out: None, ["x"], {"p": 0.0}, compiled=False), "all text"),
        (lambda: Problem.from_expressions({"x": "p - abs(x)"}, {"p": 1.0}, smoothness=1), "abs has a kink"),
        (lambda: Problem.from_expressions({"x": "p - x**2"}, {"p": 1.0}, mass={"x": 2.0}), "mass matrix"),
    ],
)
def test_what_cannot_be_proven_is_refused_by_name(make, words):
    branch = traced({"x": "p - x**2"}, {"p": 1.0}, [1.0], "p", (0.5, 2.0), settings=Settings(max_points=3))
    with pytest.raises(ProofError, match=words):
        replace(branch, problem=make()).prove()


def test_not_proven_is_no_error_of_users():
    assert not issubclass(NotProven, ValueError)
