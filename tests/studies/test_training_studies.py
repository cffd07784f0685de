"""Studies of training: small runs, and verdicts that follow the numbers."""

import ast
import dataclasses
import math
import pathlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from studies import training_claims
from studies.claims import Claim, table, verdicts
from studies.gradient_descent import branches, every_system, families
from studies.layer_balance import flow, wide_network
from studies.layer_balance import two_factors as factorization
from studies.overparameterization import acceleration, end_to_end, images
from studies.overparameterization import preconditioner as pre

TINY = acceleration.Size(60, 5, 400, 4)


def test_verdicts_are_functions_of_the_number():
    claim = Claim("Theorem", "small", 0.5, high=1.0)
    assert claim.verdict == "holds"
    assert dataclasses.replace(claim, computed=1.5).verdict == "fails"
    assert dataclasses.replace(claim, computed=None).verdict == "not reproduced"
    assert dataclasses.replace(claim, computed=float("nan")).verdict == "fails"
    assert "holds" in table([claim])


@pytest.fixture(scope="module")
def exact():
    return end_to_end.numbers(fast=True)


def test_end_to_end_claims(exact):
    found = verdicts(end_to_end.claims(exact))
    failing = [name for name, verdict in found.items() if verdict != "holds"]
    assert failing == ["Claim 1: exponent j - 2, as the slides print"]
    assert exact["claim 1, slides"] > 0.1


@pytest.mark.parametrize(
    "key", ["observation", "equation 8", "unbalanced", "equation 10", "claim 1", "claim 2", "width", "bound"]
)
def test_a_wrong_number_turns_its_verdict(exact, key):
    wrong = {**exact, key: 0.0 if key == "unbalanced" else 0.5}
    changed = [a.says for a, b in zip(end_to_end.claims(exact), end_to_end.claims(wrong)) if a.verdict != b.verdict]
    assert len(changed) == 1


@pytest.mark.parametrize("depth", [2, 3, 4, 8])
def test_line_integral(depth):
    assert_allclose(pre.integrate(depth, 1.3, 0.4, 0.9), pre.line_integral(depth, 1.3, 0.4, 0.9), atol=1e-12)


def test_fractional_powers_keep_exact_zeros(rng):
    W = np.outer(rng.normal(size=3), rng.normal(size=4))
    power = pre.fractional_power(W, 1 / 3)
    assert np.linalg.matrix_rank(power, tol=1e-12) == 1
    assert_allclose(np.linalg.matrix_power(power, 3), W @ W.T, atol=1e-12)


def test_balanced_layers(rng):
    W = rng.normal(size=(2, 4))
    for depth, width in ((2, None), (3, 2), (4, 6)):
        layers = pre.balanced_layers(W, depth, width)
        product = layers[0]
        for before, after in zip(layers, layers[1:]):
            assert_allclose(after.T @ after, before @ before.T, atol=1e-12)
            product = after @ product
        assert_allclose(product, W, atol=1e-12)
    with pytest.raises(ValueError, match="width: wanted at least the rank 2"):
        pre.balanced_layers(W, 3, 1)


@pytest.fixture(scope="module")
def flowing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "FAST", 800)
        found = flow.main(fast=True, out=folder)
    assert (folder / "flow.png").exists()
    return found


def test_flow_claims(flowing):
    assert set(verdicts(flow.claims(flowing)).values()) == {"holds"}
    assert_allclose(flowing["layers, tanh, absolute"], 0.336, atol=0.002)


@pytest.fixture(scope="module")
def factorized():
    found = {
        **factorization.diminishing_steps(factorization.target(), 30_000),
        **factorization.stationary_points(30),
        **factorization.rank_one(60),
    }
    runs = factorization.norms_along(factorization.target(), 1000)
    return found | {f"fig1 {key}": value for key, value in factorization.figure_numbers(runs).items()}


def test_factorization_claims(factorized):
    assert factorized["stationary points"] == 30
    assert 0 < factorized["strict saddles"] <= 30
    got = verdicts(factorization.claims(factorized))
    printed = got.pop("Fig 1b: ratio of norms constant, as printed")
    assert printed == "fails"
    got.pop("Fig 1a: both objectives reach the minimum")  # not in 1000 steps
    assert set(got.values()) == {"holds"}


def test_the_four_scalars_are_not_three():
    """Leaving the orthogonal parts out of the reduction is noticed."""
    state = (0.3, 0.2, 0.1, 0.4)
    with_parts = factorization.four_scalars(state, 0.05, 2.0)
    without = factorization.four_scalars((0.3, 0.0, 0.1, 0.0), 0.05, 2.0)
    assert abs(with_parts[0] - without[0]) > 1e-3


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide_network, "FAST", ((50, 20, 20, 5), 60, 1500))
        return wide_network.main(fast=True, out=tmp_path_factory.mktemp("wide"))


def test_wide_network_in_small(wide):
    rows = wide_network.claims(wide_network.by_start(wide))
    assert [row.verdict for row in rows if row.where.startswith("I1")] == ["holds", "holds"]
    assert wide["law[balanced]"] < 1e-14
    assert len(wide["norms[balanced]"]) == 3


@pytest.fixture(scope="module")
def judged():
    every = branches.branches()
    names = [
        "scalar_network: depth 3",
        "factorization: kept [0, 2]",
        "overparameterized_regression: zero, p = 4",
        "hopf: zero",
        "plane: type A",
        *(f"residual_network: {branches.LAYERS} layers, class {n}" for n in branches.CLASSES),
        branches.REDUCED,
    ]
    checks = {name: every_system.check_branch(every[name](), points=1 + (name != branches.REDUCED)) for name in names}
    return set(every), {**every_system.numbers(checks), **every_system.indices(checks)}


def test_every_system_in_small(judged):
    found = judged[1]
    assert found["failed"] == 0
    assert found["systems"] == 7
    assert found["points"] == 15
    assert found["worst"] < 2e-5
    assert {key: value for key, value in found.items() if key.startswith("index[")} == dict.fromkeys(
        ["index[characteristic_equation, class 0]", "index[characteristic_equation, class -1]"]
        + ["index[symmetric_reduction]"],
        0,
    )


def test_every_system_of_the_project_is_judged_or_named(judged):
    """All public functions under systems that are annotated to return a Problem."""
    folder, makers = pathlib.Path(__file__).parents[2] / "systems", set()
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "Problem":
                makers.add(node.name)
    makers = {name for name in makers if not name.startswith("_")} - {"problem_of"}  # a helper that takes kernels
    drawn = {name.partition(":")[0] for name in judged[0]}
    assert drawn | set(branches.NOT_JUDGED) == makers
    assert not drawn & set(branches.NOT_JUDGED)


@pytest.fixture(scope="module")
def closed_forms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("families")
    found = families.main(fast=True, out=folder)
    assert (folder / "families.png").stat().st_size > 10_000
    return found


def test_families_have_their_closed_forms(closed_forms):
    assert set(verdicts(families.claims(closed_forms)).values()) == {"holds"}
    assert max(closed_forms[key] for key in ("folds", "equal cost", "mu", "breaking", "l_p folds")) < 1e-12


@pytest.fixture(scope="module")
def accelerated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acceleration")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acceleration, "FAST", TINY)
        return acceleration.main(fast=True, out=folder), folder


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "FAST", 40)
        patch.setattr(images, "HIDDEN", 30)
        return images.main(fast=True, out=folder), folder


def claims_of(study, request):
    """Numbers of a study and what makes its claims."""
    if study == "flow":
        return request.getfixturevalue("flowing"), flow.claims
    if study == "factorization":
        return request.getfixturevalue("factorized"), factorization.claims
    if study == "wide_network":
        return request.getfixturevalue("wide"), lambda found: wide_network.claims(wide_network.by_start(found))
    if study == "end_to_end":
        return request.getfixturevalue("exact"), end_to_end.claims
    if study == "acceleration":
        return request.getfixturevalue("accelerated")[0], lambda found: acceleration.claims(found, acceleration.FULL)
    if study == "families":
        return request.getfixturevalue("closed_forms"), families.claims
    if study == "images":
        return request.getfixturevalue("pictured")[0], images.claims
    return request.getfixturevalue("judged")[1], every_system.claims


@pytest.mark.parametrize(
    "study",
    ["flow", "factorization", "wide_network", "end_to_end", "acceleration", "images", "families", "every_system"],
)
def test_every_verdict_turns_with_some_number(study, request):
    """Each row that was reproduced has a number among those found that makes it hold, and one that makes it fail."""
    found, claims = claims_of(study, request)
    found = {key: 100.0 if value == math.inf else value for key, value in found.items()}
    rows = claims(found)
    reached = {k: set() for k, row in enumerate(rows) if row.computed is not None}
    assert reached
    for k, row in enumerate(rows):
        if k in reached:
            reached[k].add(row.verdict)
    for key, value in found.items():
        if isinstance(value, str):
            continue
        for wrong in (0.0, 1.0, 10.0, 60.0, 1e-20, 1e9, 3e4, -1e9, math.nan):
            spoilt = [wrong] * len(value) if isinstance(value, list) else wrong
            with np.errstate(all="ignore"):
                try:
                    changed = claims({**found, key: spoilt})
                except ZeroDivisionError:
                    continue
            for k in reached:
                reached[k].add(changed[k].verdict)
    assert [rows[k].says for k, seen in reached.items() if seen < {"holds", "fails"}] == []


def test_acceleration_in_small(accelerated):
    found, folder = accelerated
    rows = acceleration.claims(found, TINY)
    assert [row.verdict for row in rows[:2]] == ["holds", "holds"]  # equation 12 and the width
    slower = {**found, "steps[l4, depth 2]": 1e9, "steps[l4, depth 1]": 10.0}
    changed = [a.says for a, b in zip(rows, acceleration.claims(slower, TINY)) if a.computed != b.computed]
    assert "l4: depth 2 accelerates" in changed
    assert (folder / "acceleration.png").stat().st_size > 10_000


def test_a_picture_is_redrawn_from_the_cache(accelerated, monkeypatch):
    found, folder = accelerated
    (folder / "acceleration.png").unlink()
    monkeypatch.setattr(acceleration, "FAST", TINY)
    for study in (acceleration, acceleration.emulation):
        monkeypatch.setattr(study, "Batched", None)  # nothing is trained
    assert acceleration.main(fast=True, out=folder) == found
    assert (folder / "acceleration.png").exists()


def test_images_in_small(pictured):
    found, folder = pictured
    assert found["parameters"] > 1.05
    assert (folder / "images.png").exists()
    assert images.claims({**found, "steps[plain]": 10.0, "steps[doubled]": 20.0})[0].verdict == "fails"
    assert images.claims({**found, "steps[plain]": 20.0, "steps[doubled]": 10.0})[0].verdict == "holds"


@pytest.mark.slow
def test_the_table_of_all_claims(tmp_path):
    found = training_claims.main(fast=True, out=tmp_path)
    exact = ["Du, Theorem 2.1: ReLU neurons stay balanced", "Arora, Theorem 1: equation 8 from balanced starts"]
    assert {found[name] for name in exact} == {"holds"}
    assert sum(verdict == "not reproduced" for verdict in found.values()) >= 4
    lines = (tmp_path / "training_claims.txt").read_text("utf-8").splitlines()
    assert len(lines) == len(found) + 1
