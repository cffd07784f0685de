"""Whole diagrams against closed forms: every branch there, none twice, and the points where they meet."""

import functools
import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Diagram, Kind, Problem, Settings, Status, diagram, trace
from continuation.exploring.recognition.on_curve import CurveEquations, find_place
from continuation.exploring.recognition.overlaps import find_overlap
from continuation.exploring.record import Completion
from continuation.results.joining import cut_branch, join_branches, join_halves, reverse_branch
from systems import textbook

TWO_MODES = {"x": "x*(mu - x**2 - 2*y**2)", "y": "y*(2*mu - 0.3 - y**2 - 1.5*x**2)"}  # mixed: 0.2 < mu < 0.6


@functools.cache
def made(equations, **options):
    return Problem.from_expressions(dict(equations), parameters={"mu": -1.0}, **options)


def problem_of(equations, **options):
    return made(tuple(equations.items()), **options)


def scaled(factor, size):
    """The two modes with equations times `factor` and states times `size`."""
    equations = {k: f"{factor}*({v.replace('x', 'X').replace('y', 'Y')})" for k, v in TWO_MODES.items()}
    return problem_of({k: v.replace("X", f"(x/{size})").replace("Y", f"(y/{size})") for k, v in equations.items()})


@functools.cache
def two_modes():
    return diagram(problem_of(TWO_MODES), [0.0, 0.0], "mu", (-1, 2), depth=4)


def labels(found, kind=Kind.BRANCH_POINT):
    return [point.label for point in found.special if point.kind is kind]


def is_sound(found):
    """Labels are unique and shared, every branch solves its equations, none lies on another."""
    names = [point.label for point in found.special]
    assert len(set(names)) == len(names)
    for label in names:
        places = found.passages(label)
        assert places
        for k, row in places:
            x = found.branches[k].unknowns[row]
            assert_allclose(x[:-1], found[label].state, atol=1e-6 * (1 + np.abs(x).max()))
    for k, branch in enumerate(found.branches):
        assert branch.check().ok
        others = [other for j, other in enumerate(found.branches) if j != k]
        assert find_overlap(CurveEquations.of(found.problem, branch), others, branch) is None


def test_a_pitchfork_is_its_trunk_and_one_parabola():
    found = diagram(textbook.pitchfork(), [0.0], "p", (-1, 1))
    trunk, parabola = found.branches
    assert_allclose(trunk["x"], 0.0, atol=1e-12)
    assert_allclose(parabola["x"] ** 2, parabola["p"], atol=1e-9)
    assert sorted(parabola["x"][[0, -1]]) == pytest.approx([-1, 1])
    assert labels(found) == ["BP1"]
    assert found.passages("BP1") == [(0, trunk["BP1"].index), (1, parabola["BP1"].index)]
    assert abs(found["BP1"]["p"]) < 1e-9
    assert found.status is Completion.COMPLETE
    assert [origin.parent for origin in found.origins] == [None, 0]
    assert found.effort["newton_iterations"] == sum(b.effort["newton_iterations"] for b in found.branches)
    is_sound(found)


def test_a_transcritical_crossing_is_two_lines():
    found = diagram(textbook.transcritical(), [0.0], "p", (-1, 1))
    assert len(found.branches) == 2
    assert_allclose(found.branches[1]["x"], found.branches[1]["p"], atol=1e-12)
    assert sorted(found.branches[1]["p"][[0, -1]]) == [-1, 1]
    is_sound(found)


def test_two_modes_and_the_loop_that_joins_their_branches():
    found = two_modes()
    trunk, first, second, mixed = found.branches
    assert_allclose(trunk.states, 0.0, atol=1e-12)
    assert_allclose(first["x"] ** 2, first["mu"], atol=1e-9)
    assert_allclose(second["y"] ** 2, 2 * second["mu"] - 0.3, atol=1e-9)
    assert_allclose(mixed["x"] ** 2, (3 * mixed["mu"] - 0.6) / 2, atol=1e-8)
    assert_allclose(mixed["y"] ** 2, 0.15 - mixed["mu"] / 4, atol=1e-8)
    assert mixed.ends == (Status.CLOSED, Status.CLOSED)
    assert_allclose(mixed.unknowns[0], mixed.unknowns[-1], atol=1e-12)
    turn = np.unwrap(np.arctan2(mixed["y"] / math.sqrt(0.1), mixed["x"] / math.sqrt(0.6)))
    assert abs(turn[-1] - turn[0]) == pytest.approx(2 * math.pi)
    regular = np.setdiff1d(np.arange(len(mixed)), [point.index for point in mixed.special])
    assert set(mixed.unstable[regular]) == {1}
    assert sorted(round(point["mu"], 9) for point in found.special) == [0.0, 0.15, 0.2, 0.2, 0.6, 0.6]
    assert {tuple(sorted({k for k, _ in found.passages(label)})) for label in labels(found)} == {
        (0, 1), (0, 2), (1, 3), (2, 3)}  # fmt: skip
    is_sound(found)


@pytest.mark.parametrize(("factor", "size"), [("1e-9", "1"), ("1e9", "1"), ("1", "0.01"), ("1", "30")])
def test_scales_of_equations_and_states_change_nothing(factor, size):
    found = diagram(scaled(factor, size), [0.0, 0.0], "mu", (-1, 2), depth=4)
    assert len(found.branches) == 4
    assert sorted(round(found[label]["mu"], 8) for label in labels(found)) == [0.0, 0.15, 0.2, 0.2, 0.6, 0.6]
    assert found.branches[3].ends == (Status.CLOSED, Status.CLOSED)
    assert found.failures == ()


def test_depth_counts_branch_points():
    numbers = [len(diagram(problem_of(TWO_MODES), [0, 0], "mu", (-1, 2), depth=d).branches) for d in range(4)]
    assert numbers == [1, 3, 4, 4]
    assert [origin.depth for origin in two_modes().origins] == [0, 1, 1, 2]


def test_more_depth_goes_on_where_less_ended():
    found = diagram(problem_of(TWO_MODES), [0, 0], "mu", (-1, 2), depth=0)
    for depth, count in ((1, 3), (2, 4)):
        found = found.resume(depth=depth)
        assert len(found.branches) == count
    is_sound(found)


def test_a_circle_is_closed_though_it_began_at_a_branch_point():
    found = diagram(problem_of({"x": "x*(x**2 + mu**2 - 1)"}), [0.0], "mu", (-2, 2), parameters={"mu": -2})
    assert len(found.branches) == 2
    circle = found.branches[1]
    assert circle.ends == (Status.CLOSED, Status.CLOSED)
    assert_allclose(circle["x"] ** 2 + circle["mu"] ** 2, 1.0, atol=1e-9)
    assert circle.arclength[-1] == pytest.approx(2 * math.pi, rel=1e-3)
    assert [p.label for p in circle.branch_points] == ["BP1", "BP2", "BP1"]
    is_sound(found)


def test_a_branch_that_crosses_itself_is_one():
    equation = {"x": "x*((x**2 + mu**2)**2 - mu**2 + x**2)"}
    found = diagram(problem_of(equation), [0.0], "mu", (-2, 2), parameters={"mu": -2}, depth=4)
    assert len(found.branches) == 2
    assert found.branches[1].ends == (Status.CLOSED, Status.CLOSED)
    assert len(found.passages(found.special[-1].label)) >= 2
    is_sound(found)


def test_four_lines_through_several_points():
    lines = problem_of({"x": "x*(mu - x)*(mu + x)*(x - 2*mu + 1)"})
    found = diagram(lines, [0.0], "mu", (-1, 2), depth=3)
    assert len(found.branches) == 4
    slopes = {round(np.polyfit(branch["mu"], branch["x"], 1)[0], 8) + 0.0 for branch in found.branches}
    assert slopes == {0.0, 1.0, -1.0, 2.0}
    assert sorted(found[label]["mu"] for label in labels(found)) == pytest.approx([0.0, 1 / 3, 0.5, 1.0], abs=1e-9)
    is_sound(found)


def test_nearly_parallel_branches_are_two():
    found = diagram(problem_of({"x": "x*(x - 0.0001*mu)"}), [0.0], "mu", (-1, 1))
    assert len(found.branches) == 2
    assert_allclose(found.branches[1]["x"], 1e-4 * found.branches[1]["mu"], atol=1e-11)


def test_two_parabolas_that_touch():
    found = diagram(problem_of({"x": "x*(mu - x**2)*(2*mu - x**2)"}), [0.0], "mu", (-1, 1), depth=3)
    curvatures = sorted(
        float(np.median(branch["mu"][np.abs(branch["x"]) > 0.3] / branch["x"][np.abs(branch["x"]) > 0.3] ** 2))
        for branch in found.branches[1:]
    )
    assert curvatures == pytest.approx([0.5, 1.0])
    is_sound(found)


def test_a_square_of_symmetries_sends_out_four_parabolas():
    square = {"x": "x*(mu - x**2 - 2*y**2)", "y": "y*(mu - y**2 - 2*x**2)"}
    found = diagram(problem_of(square), [0.0, 0.0], "mu", (-1, 1))
    assert len(found.branches) == 5
    slopes = {round(math.atan2(*b.states[-1][::-1]) / math.pi * 4) % 4 for b in found.branches[1:]}
    assert slopes == {0, 1, 2, 3}
    is_sound(found)


# Symmetry


def test_conjugate_branches_are_followed_once_and_counted():
    reflections = [("-x", "y"), ("x", "-y")]
    modes = Problem.from_expressions(TWO_MODES, parameters={"mu": -1.0}, symmetries=reflections)
    found = diagram(modes, [0.0, 0.0], "mu", (-1, 2), depth=4)
    assert [origin.multiplicity for origin in found.origins] == [1, 2, 2, 1]  # the loop is its own image
    for half, state in zip(found.branches[1:3], ("x", "y")):
        assert half.start in (0, len(half) - 1)
        assert np.all(half[state] >= -1e-9) or np.all(half[state] <= 1e-9)
    assert sum(map(len, found.branches)) < 0.8 * sum(map(len, two_modes().branches))
    assert "one of 2 conjugates" in str(found)
    is_sound(found)


# Branches that no branch point leads to


def test_both_pieces_of_a_perturbed_pitchfork():
    perturbed = problem_of({"x": "0.05 + mu*x - x**3"})
    alone = diagram(perturbed, [-0.05], "mu", (-1, 1))
    assert len(alone.branches) == 1
    found = diagram(perturbed, [-0.05], "mu", (-1, 1), deflate=[0.5])
    assert [origin.found for origin in found.origins] == ["start", "deflation"]
    fold = 3 * (0.05 / 2) ** (2 / 3)
    assert found["LP1"]["mu"] == pytest.approx(fold, abs=1e-9)
    assert len(found.at(mu=0.8)) == 3
    is_sound(found)


def test_all_solutions_of_three_coupled_cells():
    n, k = 3, 0.1
    terms = [" + ".join(f"(x{j} - x{i})" for j in (i - 1, i + 1) if 0 <= j < n) for i in range(n)]
    chain = problem_of({f"x{i}": f"mu*x{i} - x{i}**3 + {k}*({terms[i]})" for i in range(n)})
    found = diagram(chain, np.zeros(n), "mu", (-0.2, 1.5), depth=4, parameters={"mu": -0.1}, deflate=[1.4])
    guesses = itertools.product((-1.2, 0.0, 1.2), repeat=n)
    exact = {tuple(np.round(chain.solve(list(guess), {"mu": 1.4}).state, 6) + 0.0) for guess in guesses}
    assert len(exact) == 27
    assert {tuple(np.round(point.state, 6) + 0.0) for _, point in found.at(mu=1.4)} == exact
    assert len(found.at(mu=1.4)) == 27
    is_sound(found)


def test_bratu_has_one_fold_and_one_asymmetric_branch():
    """For lam -> 0 each branch is a tent on one node or on two neighbours; only those in the middle are connected."""
    n = 8
    found = diagram(textbook.bratu(n), np.zeros(n), "lam", (1e-3, 4.0), parameters={"lam": 0.5}, depth=3)
    trunk, asymmetric = found.branches
    assert found["LP1"]["lam"] == pytest.approx(3.491175529348, abs=1e-11)
    assert_allclose(trunk.states, trunk.states[:, ::-1], atol=1e-7)
    tips = [int(np.argmax(asymmetric.states[row])) for row in (0, -1)]
    assert sorted(tips) == [3, 4]
    assert_allclose(asymmetric.states[0], asymmetric.states[-1][::-1], rtol=1e-8)
    assert len(found.special) == 2
    assert found.effort["newton_iterations"] < 1000
    is_sound(found)


def test_branches_cut_short_and_met_from_the_other_side():
    line = problem_of({"x": "x - mu"})
    settings = Settings(step=0.05, max_step=0.05, max_points=15)
    found = diagram(line, [0.0], "mu", (-1, 1), parameters={"mu": 0.0}, deflate=[0.9, -0.9], settings=settings)
    assert len(found.branches) == 3
    ends = sorted((branch["mu"].min(), branch["mu"].max()) for branch in found.branches)
    assert ends[0][0] == -1
    assert ends[-1][1] == 1
    assert all(-0.06 < right[0] - left[1] <= 0.06 for left, right in itertools.pairwise(ends))
    is_sound(found)


# What goes wrong


def test_failures_are_collected(monkeypatch):
    import continuation.exploring.work_list as search

    real = search.starts_at

    def fails_once(problem, point):
        if abs(point["mu"]) < 1e-6:
            raise ValueError("made to fail here")
        return real(problem, point)

    monkeypatch.setattr(search, "starts_at", fails_once)
    found = diagram(problem_of(TWO_MODES), [0.0, 0.0], "mu", (-1, 2), depth=4)
    assert [(failure.label, failure.reason) for failure in found.failures] == [("BP1", "made to fail here")]
    assert "made to fail here" in str(found)
    assert len(found.branches) == 4  # the first mode's branch is reached through the loop
    is_sound(found)


def test_a_trace_that_jumps_is_noticed():
    found = two_modes()
    trunk, first = found.branches[:2]
    equations = CurveEquations.of(found.problem, trunk)
    half = cut_branch(reverse_branch(first), first.branch_points[1].index, Status.STOPPED)
    jumper = join_halves(half, cut_branch(trunk, 8, Status.STOPPED), 0)
    overlap = find_overlap(equations, [first], jumper)
    assert overlap is not None
    assert find_overlap(equations, [found.branches[3]], jumper) is None


@pytest.mark.parametrize("times", [1, 9])
def test_a_trace_that_jumps_is_traced_anew_or_cut_and_told(monkeypatch, times):
    """The first traces of the second mode are made to run over to the first mode's branch half way."""
    import continuation.exploring.tracing as tracing

    real, first, settings = tracing.follow, two_modes().branches[1], []

    def jumps(problem, start, wishes, **options):
        branch = real(problem, start, wishes, **options)
        if len(branch) > 20 and abs(branch["y"][-1]) > 1 and abs(branch["x"][-1]) < 1e-9:
            settings.append(wishes.steps())
            if len(settings) <= times:
                behind = cut_branch(first, first["BP1"].index - 5, Status.LIMIT)
                return join_branches(cut_branch(branch, 20, Status.STOPPED), reverse_branch(behind), 0)
        return branch

    monkeypatch.setattr(tracing, "follow", jumps)
    found = diagram(problem_of(TWO_MODES), [0.0, 0.0], "mu", (-1, 2), depth=1)
    if times == 1:
        assert found.failures == ()
        assert len(found.branches) == 3
        assert settings[1][2] < settings[0][2]
    else:
        assert "jumped onto branch 1" in found.failures[0].reason
        assert found.branches[2].ends == (Status.STOPPED, Status.STOPPED)
        assert len(found.branches[2]) == 39
    is_sound(found)


def test_a_place_is_on_one_branch_only():
    found = two_modes()
    assert len(found.branches) >= 2
    for k, branch in enumerate(found.branches):
        x, t = branch.unknowns[5], branch.tangents[5]
        moved = [b.at(mu=float(0.5 * (x[-1] + branch.unknowns[6, -1]))) for b in found.branches]
        point = min(moved[k], key=lambda p: np.max(np.abs(p.state - x[:-1])))
        y = np.append(point.state, point["mu"])
        hits = [find_place(CurveEquations.of(found.problem, b), b.unknowns, b.tangents, y, t) for b in found.branches]
        assert [j for j, hit in enumerate(hits) if hit] == [k]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": -1}, "depth: wanted a whole number of at least 0, got -1"),
        ({"depth": 1.5}, "depth"),
        ({"max_branches": 0}, "max_branches"),
        ({"max_points": "many"}, "max_points"),
        ({"deflate": 0}, "deflate"),
        ({"deflate": True}, "deflate: wanted a whole number of at least 1, got True"),
        ({"deflate": [5.0]}, r"deflate: wanted values inside the span \(-1.0, 1.0\), got 5"),
        ({"detect": "folds"}, "detect"),
        ({"settings": 3}, "settings"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        diagram(textbook.pitchfork(), [0.0], "p", (-1, 1), **options)


def test_unknown_names_and_starts_are_refused():
    with pytest.raises(ValueError, match="no parameter named 'q'"):
        diagram(textbook.pitchfork(), [0.0], "q", (-1, 1))
    with pytest.raises(ValueError, match="vary: wanted the name of one parameter"):
        diagram(textbook.cusp(), [0.0], ("mu", "nu"), (-1, 1))
    with pytest.raises(ValueError, match="start"):
        diagram(textbook.pitchfork(), [0.0, 1.0], "p", (-1, 1))
    with pytest.raises(KeyError, match="BP9"):
        two_modes()["BP9"]
    with pytest.raises(ValueError, match="finite"):
        diagram(textbook.pitchfork(), [0.0], "p", (-1, math.inf), deflate=3, settings=Settings(max_points=5))


def test_the_parts_agree_with_traces():
    found = two_modes()
    trunk = trace(problem_of(TWO_MODES), [0.0, 0.0], "mu", (-1, 2))
    assert_allclose(found.branches[0].unknowns, trunk.unknowns, atol=0)
    assert isinstance(found, Diagram)
    assert len(found) == 4
