"""The command ``pseudoarc``: trace a model file or its whole diagram, show or draw what was saved, run a study.

Exit status: 0 done; 1 numerical failure (the start could not be corrected, an end of the branch is one of `FAILED`, or
a proof has gaps), what was found is shown and saved; 2 bad input, one line on stderr; 130 interrupted by Ctrl-C, what
was traced is shown and saved.  An end that is ``UNRESOLVED`` is a true end of the branch, not a failure; the
table says so.  A point that was not located is no failure either.
"""

import os
import sys

import click

from continuation.branch import Branch
from continuation.diagram import Diagram
from continuation.diagram import diagram as make_diagram
from continuation.ground.later import later
from continuation.ground.names import suggest
from continuation.ground.status import StartError
from continuation.results.request import UNLIMITED, check_span
from continuation.trace import trace as trace_branch

diagram_files = later("continuation.exploring.diagram_files")
drawing = later("continuation.exploring.drawing")
files = later("continuation.output.files")
starting = later("continuation.models.cycle_start")
orbit_data = later("continuation.orbits.profiles.orbit")
orbits = later("continuation.orbits.periodic")
opening = later("continuation.models.opening")
writing = later("continuation.models.description")
plotting = later("continuation.output.plotting")
problems = later("continuation.problem")
proving = later("continuation.proofs.proof")
tables = later("continuation.output.tables")

FAILED = ("STEP_TOO_SMALL", "SINGULAR", "NONFINITE", "CALLBACK_FAILED", "BAD_START")
INTERRUPTED = 130
BOUNDS = {
    "multiple": True,
    "type": (str, float, float),
    "metavar": "NAME LOW HIGH",
    "help": "Limits of a state or an output (inf is none); may be repeated.",
}
STUDIES = "pseudoarc.studies"  # entry points: a name and a module with main(fast=False, out=...) -> dict


class _Commands(click.Group):
    """Commands whose errors are one line on stderr."""

    def main(self, *args, standalone_mode=True, **more):
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **more)
        try:
            code = super().main(*args, standalone_mode=False, **more)
        except click.ClickException as error:
            _complain(error.format_message())
            code = 2
        except click.Abort:
            _complain("interrupted")
            code = INTERRUPTED
        sys.exit(code or 0)


@click.group(cls=_Commands, invoke_without_command=True)
@click.option("--version", is_flag=True, help="Show the version and exit.")
@click.pass_context
def main(context, version):
    """Follow solution branches of F(u, p) = 0 and find their folds, branch points and Hopf points."""
    if version:
        click.echo(f"pseudoarc {_version()}")
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


@main.command()
@click.argument("model")
@click.option("--vary", metavar="NAME", help="Parameter to vary.")
@click.option("--span", nargs=2, type=float, metavar="LOW HIGH", help="Its limits.")
@click.option("--bounds", **BOUNDS)
@click.option("--start", multiple=True, metavar="NAME=VALUE", help="Another start of a state.")
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="Another value of a parameter, or a set of the file."
)
@click.option("--settle", "settled", is_flag=True, help="Start where the flow comes to rest from the start.")
@click.option("--direction", type=click.Choice(["both", "1", "-1"]), default="both", help="Of the parameter.")
@click.option("--max-step", type=float, help="Largest step.")
@click.option("--max-points", type=int, help="Points stored in each direction.")
@click.option(
    "--cycles", is_flag=False, flag_value="", metavar="FROM", help="Periodic orbits: of HB1, or simulate[=TIME]."
)
@click.option("--certify", "certified", is_flag=True, help="Say which steps are vouched for (`Branch.certify`).")
@click.option("--plot", "picture", metavar="FILE", help="Draw the branch (.png, .pdf, .svg ...).")
@click.option("--save", "target", metavar="FILE", help="Keep the branch (netCDF).")
def trace(model, picture, target, settled, cycles, certified, **options):
    """Trace a branch of the problem in the file MODEL (.toml, .ode), or with --cycles its periodic orbits."""
    with _InputErrors():
        _check_files(picture, target)
        found = _opened(model)
        start, limits = None, {}
        if certified and cycles is not None:
            raise ValueError("--certify: wanted a branch of equilibria, got --cycles")
        if cycles is not None:
            start = starting.cycle_start(found.cycles, cycles)
            options["bounds"], limits = starting.orbit_limits(options["bounds"], found)
        title, problem, arguments = _arguments(found, options)
    if settled:
        arguments["start"] = _settled(problem, arguments)
    if start is None:
        branch, equilibria = _traced(problem, arguments, trace_branch), None
    else:
        branch, equilibria = _traced_cycles(problem, arguments, start, limits)
    branch = branch.certify() if certified else branch
    try:
        _keep(branch, picture, target, equilibria)
    finally:
        _show(branch, title)
    return _outcome(branch)


@main.command()
@click.argument("model")
@click.option("--vary", metavar="NAME", help="Parameter to vary.")
@click.option("--span", nargs=2, type=float, metavar="LOW HIGH", help="Its limits.")
@click.option("--bounds", **BOUNDS)
@click.option("--depth", type=int, default=2, help="Branch points between the start's branch and another, at most.")
@click.option("--start", multiple=True, metavar="NAME=VALUE", help="Another start of a state.")
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="Another value of a parameter, or a set of the file."
)
@click.option("--max-step", type=float, help="Largest step.")
@click.option("--max-points", type=int, help="Points stored in each direction of each branch.")
@click.option("--max-branches", type=int, default=100, help="Branches, at most.")
@click.option("--deflate", type=int, metavar="N", help="Look for unconnected branches at so many values.")
@click.option("--cycles", is_flag=True, help="Follow the periodic orbits from Hopf points too.")
@click.option("--plot", "picture", metavar="FILE", help="Draw the diagram (.png, .pdf, .svg ...).")
@click.option("--save", "target", metavar="FILE", help="Keep the diagram (netCDF).")
def diagram(model, picture, target, depth, max_branches, deflate, cycles, **options):
    """Trace all branches that hang together with the start of the file MODEL (.toml, .ode)."""
    with _InputErrors():
        _check_files(picture, target)
        opened = _opened(model)
        title, problem, arguments = _arguments(opened, {**options, "direction": "both"})
        mesh = starting.cycle_start(opened.cycles, "").options
        arguments["cycles"] = orbits.periodic_orbits(problem, **mesh) if cycles else False
    del arguments["direction"]
    found = _traced(
        problem, {**arguments, "depth": depth, "max_branches": max_branches, "deflate": deflate}, make_diagram
    )
    try:
        _keep(found, picture, target)
    finally:
        _show(found, title)
    return _diagram_outcome(found)


@main.command()
@click.argument("model")
@click.argument("target")
def convert(model, target):
    """Write the model file MODEL of another program as the TOML file TARGET."""
    with _InputErrors():
        files.check_target(target)
        found = opening.open_model(model, problems.Problem.from_expressions)
        if found.description is None or not target.endswith(".toml"):
            raise ValueError(f"convert {model} {target}: wanted a file of another program, and one that ends in .toml")
        with open(target, "w", encoding="utf-8") as file:
            file.write(writing.write_toml(found.description))
    for note in found.notes:
        _complain(f"note: {note}")
    return 0


@main.command()
@click.argument("file")
def show(file):
    """Show the special points of the branch, or the branches of the diagram, in FILE."""
    with _InputErrors():
        branch = _load(file)
    _show(branch)


@main.command()
@click.argument("file")
@click.option("-x", metavar="NAME", help="Column to the right.")
@click.option("-y", metavar="NAME", help="Column upwards.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Picture to write (.png, .pdf, .svg ...).")
def plot(file, x, y, output):
    """Draw the branch or the diagram in FILE."""
    with _InputErrors():
        _check_files(output, None)
        found = _load(file)
        for name in filter(None, (x, y)):
            _check_column(getattr(found, "branches", [found])[0], name)
        _module_of(found).picture(found, output, x, y)


@main.command()
@click.argument("file")
@click.option("--save", "target", metavar="FILE", help="Keep the certificate (.json).")
def prove(file, target):
    """Prove the branch in FILE by interval arithmetic, or prove the certificate FILE (.json) again."""
    with _InputErrors():
        proof = proving.check_proof(file) if file.endswith(".json") else Branch.load(file).prove()
        click.echo(str(proof))
        if target:
            proof.save(target)
    return 0 if proof else 1


@main.command()
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Name the studies there are.")
@click.option("--out", metavar="DIR", help="Folder for pictures and data.")
@click.option("--fast", is_flag=True, help="A smaller run, at most 30 seconds.")
def study(name, listed, out, fast):
    """Reproduce a figure or a claim of a paper."""
    from importlib.metadata import entry_points

    found = {entry.name: entry for entry in sorted(entry_points(group=STUDIES), key=lambda entry: entry.name)}
    if listed:
        return _list_studies(found)
    with _InputErrors():
        entry = _known_study(name, found)
        if out is not None:
            os.makedirs(out, exist_ok=True)
    numbers = entry.load().main(fast=fast, **({} if out is None else {"out": out}))
    for key, value in (numbers or {}).items():
        click.echo(f"{key} = {format(value, '.14g') if isinstance(value, float) else value}")
    return 0


class _InputErrors:
    """Context in which an error is the user's: one line on stderr, exit status 2."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, (ValueError, OSError)):
            raise click.UsageError(str(error)) from error


def _opened(path):
    """What a model file says; its notes are told."""
    model = opening.open_model(path, problems.Problem.from_expressions)
    for note in model.notes:
        _complain(f"note: {note}")
    return model


def _arguments(model, options):
    """Title and problem of a model file, and what to call `continuation.trace` with."""
    vary = options["vary"] or model.vary
    known, bounds = list(model.problem.parameters), _bounds(options["bounds"], model)
    span = check_span(options["span"] or model.span or UNLIMITED, "--span")
    values, chosen = _named_sets(model, options["values"])
    if vary is None:
        raise ValueError(
            f"{model.path}: nothing to vary: give --vary NAME or [trace] vary; known: {suggest('', known)}"
        )
    if vary not in known:
        raise ValueError(f"--vary {vary}: no such parameter; known: {suggest(vary, known)}")
    return (
        model.title,
        model.problem,
        {
            "start": {**model.start, **chosen[1], **_assignments("--start", options["start"], list(model.start))},
            "parameters": {**model.parameters, **chosen[0], **_assignments("--set", values, known)},
            "vary": vary,
            "span": {vary: span, **bounds} if bounds else span,
            "settings": _settings(model.settings, options),
            "direction": options["direction"] if options["direction"] == "both" else int(options["direction"]),
            "progress": sys.stderr.isatty(),
        },
    )


def _named_sets(model, texts) -> tuple:
    """The texts that assign, and (parameters, states) of the sets of values that the others name."""
    parameters, states = {}, {}
    for name in (text for text in texts if "=" not in text):
        if name not in model.sets:
            raise ValueError(
                f"--set {name}: wanted NAME=VALUE or a set of the file; its sets: {suggest(name, model.sets)}"
            )
        for key, value in model.sets[name].items():
            (parameters if key in model.parameters else states)[key] = value
    return [text for text in texts if "=" in text], (parameters, states)


def _assignments(option, texts, known) -> dict:
    """Numbers by name from texts NAME=VALUE."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise ValueError(f"{option} {text}: no such name; known: {suggest(name, known)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise ValueError(f"{option} {text}: wanted NAME=VALUE with a number") from None
    return found


def _bounds(given, model) -> dict:
    """Limits by name of states and outputs: those of the model file, changed by those of the command line."""
    known, found = [*model.problem.states, *model.problem.outputs], dict(model.bounds)
    for name, low, high in given:
        if name not in known:
            raise ValueError(f"--bounds {name}: no such state or output; known: {suggest(name, known)}")
        found[name] = check_span((low, high), f"--bounds {name}")
    return found


def _settings(settings, options):
    """The model's settings with the options of the command line."""
    from dataclasses import replace

    changes = {name: options[name] for name in ("max_step", "max_points") if options[name] is not None}
    return replace(settings, **changes)


def _settled(problem, arguments):
    """Where the flow comes to rest from the start; ends the command where it does not."""
    with _InputErrors():
        found = problem.settle(arguments["start"], parameters=arguments["parameters"])
    if found.motion.name != "REST":
        _complain(f"--settle: from the start it {found}")
        raise click.exceptions.Exit(1)
    _complain(f"note: the start is where the flow comes to rest (time {found.time:.6g})")
    return found.point.state


def _traced(problem, arguments, what):
    """The branch, or the diagram; ends the command if the start can't be used."""
    with _InputErrors():
        try:
            return what(problem, **arguments)
        except StartError as error:
            _complain(error)
            raise click.exceptions.Exit(1) from error


def _traced_cycles(problem, arguments, start, limits):
    """The branch of periodic orbits, and that of the equilibria whose Hopf point it begins at, None of simulations.

    `limits` are those of the columns of the orbits.
    """
    with _InputErrors():
        cycles = orbits.periodic_orbits(problem, **start.options)
    if start.hopf:
        equilibria = _traced(problem, arguments, trace_branch)
        with _InputErrors():
            first, own = starting.hopf_point(equilibria, start.hopf), {"parameters": None, "direction": "both"}
    else:
        equilibria, own = None, {}
        first = _traced(problem, {**arguments, "settle": start.settle}, _simulated)
    span = arguments["span"]
    if isinstance(span, dict):  # limits that the file has for the equilibria's states are none of the orbits'
        span = span[arguments["vary"]]
    if limits:
        with _InputErrors():
            span = {arguments["vary"]: span} | {
                name: check_span(pair, f"--bounds {name}") for name, pair in limits.items()
            }
    return _traced(cycles, {**arguments, **own, "start": first, "span": span}, trace_branch), equilibria


def _simulated(problem, start, parameters, settle, **_):
    """The stable cycle that the flow comes to from the start."""
    return orbit_data.Orbit.from_simulation(problem, start, parameters, settle=settle)


def _check_files(picture, target):
    """Refuse files that can't be written, before any work is done."""
    for path in filter(None, (picture, target)):
        files.check_target(path)
    if picture and target and os.path.realpath(picture) == os.path.realpath(target):
        raise ValueError(f"--plot and --save name the same file: {picture}")
    if picture:
        from matplotlib.backend_bases import FigureCanvasBase

        known = FigureCanvasBase.get_supported_filetypes()
        if os.path.splitext(picture)[1][1:].lower() not in known:
            raise ValueError(f"{picture}: unknown kind of picture; endings: {', '.join(sorted(known))}")


def _keep(branch, picture, target, behind=None):
    """Write the branch and its picture, the branch first; one that it hangs together with is drawn too."""
    with _InputErrors():
        if target:
            branch.save(target)
        if picture:
            _module_of(branch).picture(branch, picture, **({} if behind is None else {"behind": behind}))


def _module_of(found):
    """The module that draws a branch or a diagram."""
    return drawing if hasattr(found, "branches") else plotting


def _load(path):
    """A saved branch or diagram; its problem is not needed."""
    if files.form_of(path) == diagram_files.FORMAT:
        return Diagram.of(diagram_files.load_diagram(path))
    return Branch.of(files.load(path))


def _check_column(branch, name):
    """Refuse a column that the branch has not."""
    states = [] if branch.layout is None else branch.layout.names  # largest and least values are drawn under these
    known = [*branch.parameters, *states, *branch.state_names, *branch.outputs, "norm", "arclength"]
    if name not in known:
        raise ValueError(f"no column {name!r}; known: {suggest(name, known)}")


def _show(branch, title=""):
    """Print the table: with lines on a terminal wide enough, else as plain text."""
    if title:
        click.echo(title)
    if sys.stdout.isatty() and not hasattr(branch, "branches"):
        from rich.console import Console

        console, boxed = Console(), tables.rich_table(branch)
        if console.measure(boxed, options=console.options.update(width=10_000)).maximum <= console.width:
            return console.print(boxed)
    return click.echo(str(branch))


def _outcome(branch) -> int:
    """Exit status that fits the ends of a branch; failures are told on stderr."""
    names = [status.name for status in branch.ends]
    for row, status in zip((0, -1), branch.ends):
        if status.name in FAILED:
            _complain(f"numerical failure at {branch.vary[0]} = {branch.parameter[row]:.14g}: {status.advice}")
    if "INTERRUPTED" in names:
        return INTERRUPTED
    return int(any(name in FAILED for name in names))


def _diagram_outcome(found) -> int:
    """Exit status that fits a diagram; failures are told on stderr."""
    codes = [_outcome(branch) for branch in found.branches]
    for failure in found.failures:
        _complain(f"numerical failure{' at ' if failure.label else ''}{failure.label}: {failure.reason}")
    return INTERRUPTED if found.status.name == "INTERRUPTED" else int(bool(found.failures) or 1 in codes)


def _list_studies(found) -> int:
    """One line a study: its name, then the first line of its module's docstring."""
    width = max(map(len, found), default=0)
    for name, entry in found.items():
        click.echo(f"{name.ljust(width)}  {_description(entry)}")
    return 0


def _description(entry) -> str:
    """First line of a study's docstring, or why it can't be imported."""
    try:
        return (entry.load().__doc__ or "").strip().split("\n")[0]
    except (ImportError, AttributeError) as error:
        return f"(can't be imported: {error})"


def _known_study(name, found):
    """The study of that name."""
    if name is None:
        raise ValueError("give the name of a study, or --list")
    if name not in found:
        raise ValueError(f"no study {name!r}; known: {suggest(name, found)}")
    return found[name]


def _version() -> str:
    """Version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pseudoarc")
    except PackageNotFoundError:
        return "(not installed)"


def _complain(message):
    """Write one line to stderr, the first of the message."""
    first = str(message).strip().split("\n")[0]
    click.echo(f"pseudoarc: {first}", err=True)
