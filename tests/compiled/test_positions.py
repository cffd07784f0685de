"""Positions that two files must agree on: fields of the state, test functions, messages, names of kinds."""

import inspect
import re

import numpy as np
import pytest

from continuation import Kind, Problem, Settings
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.curves import augmented, branch_curve, hopf_curve
from continuation.compiled.dense import dense, workspace
from continuation.compiled.events import bracket, corner, detect, limits, locate, records, refinement
from continuation.compiled.loop import advance, closing, loop, rare, settle
from continuation.compiled.state import messages
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps import predict
from continuation.engine.run import KIND_CODES, TRAITS, make_state, traits_table
from continuation.ground.settings import PREDICTORS
from continuation.kinds import registry
from continuation.results.request import Steps


def fresh_state():
    """State of a problem with three states, two functions of the user's and limits that are told apart."""
    equations = {"x": "p - x", "y": "x - y", "z": "y - z"}
    problem = Problem.from_expressions(equations, {"q": 0.5, "p": 0.25}, zeros={"a": "x - 1", "b": "y - 2"})
    operations = problem.operations(problem.parameter_values({}), problem.index_of("p"))
    return make_state(operations, (-1.0, 1.0), Steps(0.1, 0.01, 0.2), Settings()), operations


@kernel
def firsts(s):
    """First entry of every array, as compiled code sees it."""
    integers = S.ops(s)[0], S.kinds(s)[0], S.trait(s, 0, 0), S.integers(s)[0], S.effort(s)[0]
    vectors = S.parameters(s)[0], S.weights(s)[0], S.floats(s)[0], S.scratch(s)[0], S.limits(s)[0, 0]
    tables = S.work(s)[0, 0], S.slots(s)[0, 0], S.stack(s)[0, 0], S.rows(s)[0, 0], S.brackets(s)[0, 0]
    return integers, vectors, (*tables, S.notes(s)[0, 0], S.crossings(s)[0, 0])


@kernel
def shapes(s):
    """Shapes of every array, as compiled code sees them."""
    lengths = S.ops(s).shape[0], S.kinds(s).shape[0], S.parameters(s).shape[0], S.weights(s).shape[0]
    more = S.integers(s).shape[0], S.floats(s).shape[0], S.effort(s).shape[0], S.scratch(s).shape[0]
    tables = S.work(s).shape, S.slots(s).shape, S.stack(s).shape, S.rows(s).shape
    rest = S.brackets(s).shape, S.limits(s).shape, S.notes(s).shape, S.crossings(s).shape
    return lengths, more, tables, rest, (S.size(s), S.tests(s), S.scalars(s))


def test_compiled_code_sees_every_array_of_the_state():
    state, _ = fresh_state()
    names = ("ops", "kinds", "traits", "integers", "effort")
    names += ("parameters", "weights", "floats", "scratch", "limits", "work", "slots", "stack", "rows", "brackets")
    names += ("notes", "crossings")
    assert set(names) == set(S.State._fields[1:])
    state = S.with_table(state._replace(traits=state.traits.copy()))
    for number, name in enumerate(names, 1):
        getattr(state, name)[...] = number
    assert [value for group in firsts(state.address) for value in group] == list(range(1, len(names) + 1))


def test_compiled_code_sees_the_shapes_of_the_state():
    state, operations = fresh_state()
    lengths, more, tables, rest, sizes = shapes(state.address)
    assert lengths == tuple(len(state[S.State._fields.index(n)]) for n in ("ops", "kinds", "parameters", "weights"))
    assert more == (len(state.integers), len(state.floats), len(state.effort), len(state.scratch))
    assert tables == (state.work.shape, state.slots.shape, state.stack.shape, state.rows.shape)
    assert rest == (state.brackets.shape, state.limits.shape, state.notes.shape, state.crossings.shape)
    size, tests = operations.size, len(operations.tests)
    assert sizes == (size, tests, S.width(size, tests) - S.SCALARS)


def test_the_table_has_room_for_every_array_once():
    places = [S.place(field) for field in S.State._fields[1:]]
    assert sorted(places) == list(range(0, S.TABLE, S.ENTRIES))


def test_test_functions_of_a_dense_problem_stand_where_they_are_written():
    _, operations = fresh_state()
    kinds = [test.kind for test in operations.tests]
    assert kinds[dense.FOLD_TEST] is Kind.FOLD
    assert kinds[dense.BRANCH_TEST] is Kind.BRANCH_POINT
    assert kinds[dense.HOPF_TEST] is None
    assert kinds[dense.FIRST_ZERO :] == [Kind.USER, Kind.USER]
    assert [test.name for test in operations.tests[dense.FIRST_ZERO :]] == ["a", "b"]


def test_test_functions_of_curves_stand_where_they_are_written():
    for kind, bend, count in (
        (Kind.FOLD, Kind.CUSP, augmented.KERNEL_TESTS),
        (Kind.BRANCH_POINT, Kind.DEGENERATE_BRANCH_POINT, branch_curve.TESTS),
    ):
        tests = registry.of(kind).shape.tests
        assert len(tests) == count
        assert tests[augmented.BEND_TEST] is bend
        assert tests[augmented.BT_TEST] is Kind.BOGDANOV_TAKENS
        assert tests[augmented.KERNEL_TEST] is Kind.BRANCH_POINT
        assert tests[augmented.PAIR_TEST] is None
    assert registry.of(Kind.BRANCH_POINT).shape.tests[branch_curve.TURN_TEST] is Kind.FOLD
    tests = registry.of(Kind.HOPF).shape.tests
    assert len(tests) == hopf_curve.TESTS
    assert tests[hopf_curve.BT_TEST] is Kind.BOGDANOV_TAKENS
    assert tests[hopf_curve.BAUTIN_TEST] is tests[hopf_curve.POLE_TEST] is Kind.BAUTIN
    assert tests[hopf_curve.ZERO_TEST] is Kind.ZERO_HOPF
    assert tests[hopf_curve.PAIR_TEST] is None


def test_counts_come_first_among_the_scalars_of_a_record():
    assert tuple(range(S.COUNTS)) == (S.UNSTABLE, S.NULLITY, S.VANISHED)


def test_messages_fit_into_the_vectors_they_are_written_to():
    assert max(messages.SOLVED, messages.ASKED, messages.FOUND) <= messages.ROOM
    state, operations = fresh_state()
    assert state.work.shape[1] >= 2 * operations.size + max(messages.SOLVED, messages.ASKED)
    assert len(state.scratch) >= 2 * operations.size + messages.FOUND


def test_places_in_the_table_of_a_dense_problem_do_not_overlap():
    pairs = (workspace.RESIDUAL, workspace.JACOBIAN, workspace.DERIVATIVE, workspace.COUNTER)
    taken = [*range(workspace.SIZES), *pairs, *(place + 1 for place in pairs)]
    taken += [workspace.LINEARISE, workspace.REAL_SOLVER, workspace.COMPLEX_SOLVER]
    assert sorted(taken) == list(range(workspace.SOLVERS))
    table = workspace.DenseTable((2, 1, 0, workspace.FLOW, 0, False), {}, {}, [])
    assert len(table.table) == workspace.TABLE
    assert np.all(table.table[workspace.SOLVERS : workspace.SCALED] != 0)


def test_every_predictor_has_a_name_and_a_code():
    assert set(predict.CODES) == set(PREDICTORS)
    assert len(set(predict.CODES.values())) == len(PREDICTORS)


def test_every_kind_of_the_engine_has_traits():
    assert set(TRAITS) == {Kind[name] for name in S.KINDS}
    table = traits_table()
    assert table.shape == (len(S.KINDS) + 1, S.TRAITS)
    assert not np.any(table[S.NO_KIND])
    assert [sum(getattr(traits, name) for traits in TRAITS.values()) for name in ("meeting", "turns")] == [1, 1]


def test_traits_reach_the_engine():
    table = traits_table()
    user, branch, hopf = (table[KIND_CODES[kind]] for kind in (Kind.USER, Kind.BRANCH_POINT, Kind.HOPF))
    assert user[S.MARKS] == S.LOCATED_BY_BISECTION
    assert branch[S.MARKS] == S.COMES_FIRST | S.MAY_TOUCH | S.CLOSES_AT_START
    assert (user[S.COUNT_CHANGE], branch[S.COUNT_CHANGE], hopf[S.COUNT_CHANGE]) == (0, S.BY_KERNEL, 2)
    zero_hopf = table[KIND_CODES[Kind.ZERO_HOPF]]
    assert (zero_hopf[S.BESIDE], zero_hopf[S.EXPLAINS]) == (1 << KIND_CODES[Kind.BAUTIN], 0)
    assert branch[S.EXPLAINS] == 1 << KIND_CODES[Kind.FOLD]
    assert (hopf[S.INSTEAD], branch[S.INSTEAD]) == (KIND_CODES[Kind.BRANCH_POINT], S.NO_KIND)


LOOP = (advance, closing, loop, rare, settle, bracket, corner, detect, limits, locate, records, refinement)


@pytest.mark.parametrize("module", LOOP, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_loop_names_no_kind(module):
    words = set(re.findall(r"\w+", inspect.getsource(module)))
    assert not words & set(S.KINDS)
