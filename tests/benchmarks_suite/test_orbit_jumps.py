"""Branches of orbits keep to their family where another one passes: cases of ``python -m benchmarks.orbit_jumps``."""

import numpy as np
import pytest

from benchmarks import orbit_jumps
from continuation import periodic_orbits


@pytest.mark.parametrize(("geometry", "gap"), [("crossing", 1e-3), ("crossing", 1e-5), ("parallel", 1e-3)])
def test_families_that_pass_each_other_are_told_apart(geometry, gap):
    found = orbit_jumps.run(geometry, 3, gap, seed=1)
    assert (found["jumped"], found["invented"], found["early"]) == (0, 0, 0)


def test_a_first_step_that_ends_on_the_other_family_is_taken_back():
    """Half way between the two Newton's method wanders off, to the rest: that is no point between."""
    cycles = periodic_orbits(orbit_jumps.problem_of("parallel"), orbit_jumps.INTERVALS)
    random = np.random.default_rng(0)
    case = [orbit_jumps.draw(random, 1e-3) for _ in range(15)][-1]
    branch = orbit_jumps.trace_case(cycles, "parallel", case)
    assert not orbit_jumps.has_jumped("parallel", branch, case)
    assert branch.effort["rejections"].get("lost_branch", 0) > 0
    assert [end.name for end in branch.ends] == ["LIMIT", "LIMIT"]


def test_gaps_are_told_in_a_remark():
    cycles, random = (
        periodic_orbits(orbit_jumps.problem_of("crossing"), orbit_jumps.INTERVALS),
        np.random.default_rng(0),
    )
    told = []
    for _ in range(5):
        case = orbit_jumps.draw(random, 1e-4)
        radius = np.sqrt(orbit_jumps.level(case["q"], case))
        words = [remark.text for remark in orbit_jumps.trace_case(cycles, "crossing", case).remarks]
        told += [float(text.split("about ")[1].split()[0]) * radius for text in words if "passes at a distance" in text]
    assert told  # steps that are short anyway see nothing
    # The families come as near as the gap over the radius; of radii, mean squares count half, and periods differ too.
    assert np.all(np.array(told) < 2e-4)
    assert np.all(np.array(told) > 0.5e-4)
