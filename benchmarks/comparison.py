"""Compare a run with a stored one, by what does not depend on the machine: work counts and ratios to the floor."""

import json
import pathlib

BASELINE = pathlib.Path(__file__).with_name("baseline.json")
SLACK = 0.10  # a ratio may grow by this part before it counts as slower
COLUMNS = ("case", "work", "ratio", "stored", "change", "verdict")
COUNTS = ("newton_iterations", "factorisations", "spectra")


def stored(file) -> dict:
    """Cases of a JSON file that ``--json`` wrote, by name.

    Raises
    ------
    ValueError
        The file is none of these.
    """
    try:
        traces = json.loads(pathlib.Path(file).read_text("utf-8"))["traces"]
        return {trace["name"]: trace for trace in traces}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file}: no results of `python -m benchmarks --json FILE` ({error})") from None


def compare(timed, before: dict | None) -> tuple:
    """Row of `COLUMNS` for one case; the verdict is "slower", "faster", "other work", "same" or "new".

    Ratios move with the noise, so only a change beyond `SLACK` and beyond the spread of both runs counts.
    """
    ratio = timed.best_ratio()
    if before is None:
        return timed.name, "", f"{ratio:.2f}", "", "", "new"
    same = all(timed.effort[name] == before["effort"][name] for name in COUNTS)
    change = ratio / before["best_ratio"] - 1.0
    noise = max(SLACK, timed.per_step("engine")[1], before["engine_spread"])
    verdict = "slower" if change > noise else "faster" if change < -noise else "same"
    if verdict == "same" and not same:
        verdict = "other work"
    work = "same" if same else ", ".join(f"{name} {before['effort'][name]} -> {timed.effort[name]}" for name in COUNTS)
    return timed.name, work, f"{ratio:.2f}", f"{before['best_ratio']:.2f}", f"{100 * change:+.0f}%", verdict
