"""How sure is a picture?  ``python -m benchmarks.sure [--cases N] [--near N] [--rival PYTHON] [family ...]``.

Traces families of branches whose special points and neighbours are known in closed form (`sure_cases`), with three
settings, and counts special points found, missed and false, jumps to another branch, traces that did not end and those
that ended early.  *Told*: what was missed where the branch has a remark or a point that it could not locate.
*Failed*: starts refused, and crashes; these count no points.  With ``--rival``, a Python that has xpplab, AUTO does the
first ten cases of each knob where a branch of its own ends, from the same starts, in both directions.
"""

import argparse
import collections
import itertools
import json
import logging
import os
import pathlib
import signal
import tempfile
import threading
import time
import zlib
from typing import NamedTuple

import numpy as np

from benchmarks.rival import ask
from benchmarks.sure_cases import FAMILIES, NEAR, TWINS
from continuation import Settings, trace

SECONDS = 20.0  # after which a trace counts as one that does not end
SAME = 1e-6  # of the span: how far a special point may lie from where it is
AUTO_SAME = 1e-2  # the same for AUTO, which locates by secants
BATCH = 60  # cases that AUTO is asked at once: after a crash each is asked anew, alone
MOST = 10  # cases of each knob that AUTO is asked
# It knows no corners and no units, and takes minutes along what grows for ever.
UNASKED = ("corners", "uneven cusp", "exponential tails", "runaways")
RIVAL = """
import json, sys, time
import xpplab
answers = []
for path, name, low, high, wishes, states in json.loads(open(sys.argv[1]).read()):
    rows, special, last, spent = [], [], [], 0.0
    for sign in (1, -1):
        model = xpplab.load(path)
        began = time.perf_counter()
        given = {**wishes, "ds": sign * abs(wishes["ds"])}
        found = model.auto.equilibria(name, parmin=low, parmax=high, nmax=5000, mxbf=0, **given).points
        spent += time.perf_counter() - began
        for p in found:
            u = {k.lower(): v for k, v in p.u0.items()}
            if low <= p.value <= high:
                rows.append([p.value, *(u[state] for state in states)])
                if p.type in ("LP", "BP", "HB"):
                    special.append([p.type, p.value])
        last.append(found[-1].type if found else "none")
    answers.append([rows, special, last, spent])
print(json.dumps(answers))
"""


class Result(NamedTuple):
    """What came of one trace."""

    family: str
    knob: float
    way: str
    expected: int = 0
    found: int = 0
    missed: int = 0
    told: int = 0
    false: int = 0
    jumped: int = 0
    hung: int = 0
    early: int = 0
    failed: int = 0
    seconds: float = 0.0
    seed: int = 0


def settings_of(span) -> dict:
    """The three ways to trace, by name."""
    width = span[1] - span[0]
    return {
        "default": {},
        "sensible": {"step": width / 1000, "max_step": width / 100},
        "long steps": {"step": width / 10, "max_step": width / 4},
    }


def case_of(family, knob, seed):
    """The case of a family with this seed: the same on every machine."""
    make, _ = FAMILIES[family]
    return make(knob, np.random.default_rng([zlib.crc32(f"{family} {knob}".encode()), seed]))


def trace_in_time(*arguments, **options):
    """The branch and its seconds; one that does not end is interrupted."""
    timer = threading.Timer(SECONDS, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.perf_counter()
    try:
        branch = trace(*arguments, **options)
    finally:
        timer.cancel()
    return branch, time.perf_counter() - began


def look_at(family, knob, seed) -> list:
    """Results of one case with each of the settings."""
    case, results = case_of(family, knob, seed), []
    problem, name = case.system.problem(**case.options), case.system.varied
    start = case.system.states(case.start, case.system.parameters[name])
    for way, settings in settings_of(case.span).items():
        result = Result(family, knob, way, seed=seed)
        try:
            branch, seconds = trace_in_time(problem, start, name, case.span, settings=Settings(**settings))
        except ValueError:
            results.append(result._replace(failed=1))
            continue
        result = result._replace(expected=len(case.expected), seconds=seconds)
        results.append(judged(result, case, branch))
    return results


def judged(result, case, branch) -> Result:
    """The counts of one branch."""
    points = [point for point in branch.special if point.kind.label != "EP"]
    located = [(point.kind.label, point[case.system.varied]) for point in points if point.located]
    found, false = matched(case, located, SAME)
    missed, ends = result.expected - found, {end.name for end in branch.ends}
    jumped = case.is_off(case.system.straight(branch.states), branch.parameter)
    is_told = bool(branch.remarks) or len(located) < len(points)
    hung = "INTERRUPTED" in ends
    return result._replace(
        found=found,
        missed=missed,
        told=missed if is_told else 0,
        false=false,
        jumped=int(jumped),
        hung=int(hung),
        early=int(not hung and not ends <= set(case.ends)),
    )


def matched(case, points, part) -> tuple:
    """Numbers of expected points that are among the points, each taken once, and of points that are left."""
    left, found = list(points), 0
    for label, value in case.expected:
        near = [p for p in left if p[0] == label and abs(p[1] - value) <= part * (case.span[1] - case.span[0])]
        if near:
            left.remove(min(near, key=lambda p: abs(p[1] - value)))
            found += 1
    return found, len(left)


def ask_rival(python, asked, folder) -> list:
    """Results of AUTO for a list of (family, knob, seed, way)."""
    words = []
    for k, (family, knob, seed, way) in enumerate(asked):
        case = case_of(family, knob, seed)
        name, path = case.system.varied, folder / f"m{k}.ode"
        start = case.system.states(case.start, case.system.parameters[name])
        path.write_text(case.system.ode(start), "utf-8")
        settings = settings_of(case.span)[way]
        wishes = {"ds": settings["step"], "dsmax": settings["max_step"]} if settings else {"ds": 0.02}
        words.append([str(path), name, *case.span, wishes, [f"u{j}" for j in range(len(start))]])
    return [
        heard(Result(*one[:2], f"AUTO, {one[3]}", seed=one[2]), case_of(*one[:3]), said)
        for one, said in zip(asked, answers(python, words, folder))
    ]


def answers(python, words, folder) -> list:
    """What AUTO says to each, None where it crashed or did not end."""
    questions = folder / "questions.json"
    questions.write_text(json.dumps(words), "utf-8")
    answer = ask(python, RIVAL, str(questions), SECONDS if len(words) == 1 else 4 * SECONDS)
    if not answer.failure:
        return answer.said
    return [None] if len(words) == 1 else [one for word in words for one in answers(python, [word], folder)]


def heard(result, case, said) -> Result:
    """The counts of what AUTO said."""
    if said is None:
        return result._replace(failed=1)
    result = result._replace(expected=len(case.expected))
    rows, special, last, seconds = said
    found, false = matched(case, special, AUTO_SAME)
    rows = np.array(rows, float).reshape(-1, 1 + len(case.system.turned))
    jumped = case.is_off(case.system.straight(rows[:, 1:]), rows[:, 0])
    return result._replace(
        found=found,
        missed=result.expected - found,
        false=false,
        jumped=int(jumped),
        early=int("MX" in last),
        seconds=seconds,
    )


COLUMNS = ("expected", "found", "missed", "told", "false", "jumped", "hung", "early", "failed")


def table(title, results, key) -> str:
    """A table in Markdown: a line for each value of `key`, sums of the counts, traces and the longest time."""
    lines = [f"| {title} | traces | {' | '.join(COLUMNS)} | longest, s |", "| --- " * (len(COLUMNS) + 3) + "|"]
    groups = collections.defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    for name, group in groups.items():
        sums = [sum(getattr(result, column) for result in group) for column in COLUMNS]
        longest = max(result.seconds for result in group)
        lines.append(f"| {name} | {len(group)} | {' | '.join(map(str, sums))} | {longest:.2f} |")
    return "\n".join(lines)


def by_knob(title, results, families, column) -> str:
    """A table in Markdown: a line for each knob, a cell for each family and way, ``counted of so many``."""
    chosen = [result for result in results if result.family in families]
    ways = list(dict.fromkeys((result.family, result.way) for result in chosen))
    lines = [f"| {title} | {' | '.join(', '.join(way) for way in ways)} |", "| --- " * (len(ways) + 1) + "|"]
    for knob in dict.fromkeys(result.knob for result in chosen):
        cells = []
        for way in ways:
            group = [result for result in chosen if result.knob == knob and (result.family, result.way) == way]
            whole = len(group) if column == "jumped" else sum(result.expected for result in group)
            cells.append(f"{sum(getattr(result, column) for result in group)} of {whole}")
        lines.append(f"| {knob:.0e} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments=None) -> int:
    """Print the tables; exit status 1 if anything was missed, invented or jumped without a word."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sure", description=__doc__.partition("\n")[0])
    parser.add_argument("families", nargs="*", metavar="family", help=f"of {', '.join(FAMILIES)} (default: all)")
    parser.add_argument("--cases", type=int, default=10, metavar="N", help="of each knob (default 10)")
    parser.add_argument("--near", type=int, metavar="N", help="the same of near-crossings")
    parser.add_argument("--rival", metavar="PYTHON", help="a Python that has xpplab")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every result there")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.families if name not in FAMILIES]
    if unknown or asked.cases < 1:
        parser.error(f"no such family: {', '.join(unknown)}" if unknown else "--cases: wanted at least 1")
    logging.getLogger("continuation").setLevel(logging.ERROR)
    look_at("corners", 0.25, 0)  # loads what is compiled
    results = []
    for family in asked.families or FAMILIES:
        cases = asked.near or asked.cases if family in NEAR else asked.cases
        todo = [(family, knob, seed) for knob in FAMILIES[family][1] for seed in range(cases)]
        found = [result for one in todo for result in look_at(*one)]
        if asked.rival and family not in UNASKED:
            found += in_auto(asked.rival, [one for one in todo if one[2] < MOST])
        results += found
        print(table(family, found, lambda result: result.way), end="\n\n", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([result._asdict() for result in results]), "utf-8")
    print(table("all", results, lambda result: result.way), end="\n\n")
    print(by_knob("gap: jumps", results, NEAR, "jumped"), end="\n\n")
    print(by_knob("distance: missed", results, TWINS, "missed"))
    ours = [result for result in results if not result.way.startswith("AUTO")]
    return int(any(result.missed > result.told or result.false or result.jumped or result.hung for result in ours))


def in_auto(python, todo) -> list:
    """Results of AUTO for a list of (family, knob, seed)."""
    (*ways,) = settings_of((0.0, 1.0))
    asked = iter([(*one, way) for way in ways for one in todo])
    results = []
    while batch := list(itertools.islice(asked, BATCH)):
        with tempfile.TemporaryDirectory() as place:
            results += ask_rival(python, batch, pathlib.Path(place))
    return results


if __name__ == "__main__":
    raise SystemExit(main())
