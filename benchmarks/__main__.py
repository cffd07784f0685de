"""Command line: ``python -m benchmarks [name ...] [--json FILE] [--compare [FILE]] [--repeat N] [--profile]
[--cold]``."""

import argparse
import json
import pathlib
import sys

from benchmarks import auto, comparison, profile, report, systems
from benchmarks.cases import CASES
from benchmarks.latency import LATENCIES, SLOW
from benchmarks.systems import SYSTEMS
from benchmarks.timing import measure


def main(arguments=None) -> int:
    """Time the cases asked for, print the tables, write the JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Figures of work and time.")
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"{', '.join([*CASES, *LATENCIES, *SYSTEMS])}; or a family"
    )
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every number there")
    parser.add_argument(
        "--compare",
        type=pathlib.Path,
        nargs="?",
        const=comparison.BASELINE,
        metavar="FILE",
        help="judge against a run stored with --json (default: the one in the repository); exit status 1 if slower",
    )
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="timed runs of each case (default 7)")
    parser.add_argument("--profile", action="store_true", help="what the time of each trace is spent on, instead")
    parser.add_argument("--cold", action="store_true", help="the slow cases too")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1:
        parser.error(f"--repeat: wanted at least 1, got {asked.repeat}")
    try:
        names = chosen(asked.names, asked.cold)
        before = comparison.stored(asked.compare) if asked.compare else {}
    except (KeyError, ValueError) as error:
        parser.error(error.args[0])
    if asked.profile:
        rows = [profile.profile(name, asked.repeat) for name in announced(names) if name in CASES]
        report.show(profile.COLUMNS, rows, profile.NOTE)
        return 0
    surroundings = report.surroundings()
    print(surroundings["processor"], *(f"{k} {v}" for k, v in surroundings["versions"].items()), sep=", ")
    traces = [measure(name, CASES[name], asked.repeat) for name in announced(names) if name in CASES]
    latencies = [LATENCIES[name](asked.repeat) for name in announced(names) if name in LATENCIES]
    report.show(report.TRACES, [report.trace_row(timed) for timed in traces], report.UNITS)
    report.show(report.LATENCIES, [report.latency_row(latency) for latency in latencies])
    calls = [systems.measure(name, asked.repeat) for name in announced(names) if name in SYSTEMS]
    report.show(systems.COLUMNS, [call.row() for call in calls])
    others = in_auto(traces, min(asked.repeat, 3))
    if asked.json:
        results = {"traces": traces, "latencies": latencies, "systems": calls, "auto": others}
        found = {name: [one.as_dict() for one in several] for name, several in results.items()}
        asked.json.write_text(json.dumps({**surroundings, **found}, indent=1) + "\n", "utf-8")
    return judged(traces, before) if asked.compare else 0


def in_auto(traces, repeat) -> list:
    """Time the same cases in AUTO-07p and print the table, or one line where it is not there."""
    command = auto.find() if traces else None
    if traces and not command:
        print(auto.ABSENT, end="\n\n")
    if not command:
        return []
    engine = {timed.name: timed.per_step("engine")[0] for timed in traces}
    found = [auto.measure(name, CASES[name], repeat, command) for name in announced(engine)]
    report.show(auto.COLUMNS, [auto.row(timed, engine[timed.name]) for timed in found], auto.NOTE)
    return found


def judged(traces, before) -> int:
    """Print the comparison; returns 1 if a case became slower."""
    rows = [comparison.compare(timed, before.get(timed.name)) for timed in traces]
    report.show(comparison.COLUMNS, rows)
    return int(any(row[-1] == "slower" for row in rows))


def chosen(names, cold=False) -> list:
    """Cases of these names or families (``bratu``), all but the slow ones where none is named."""
    known = [*CASES, *LATENCIES, *SYSTEMS]
    picked = {name for name in known if not names and name not in SLOW or cold and name in SLOW}
    for wanted in names:
        found = {name for name in known if name == wanted or name.startswith(f"{wanted}-")}
        if not found:
            raise KeyError(f"no case named {wanted!r}; there are {', '.join(known)}")
        picked |= found
    return [name for name in known if name in picked]


def announced(names):
    """The names, each shown on the terminal while its case runs."""
    for name in names:
        if sys.stderr.isatty():
            print(f"{name:<20}", end="\r", file=sys.stderr, flush=True)
        yield name


if __name__ == "__main__":
    sys.exit(main())
