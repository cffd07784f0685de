"""The rooms of the house: which may use which, no file in a circle, no name twice, few files a folder.

An import counts wherever it stands, inside functions and in ``later("...")`` too.
"""

import ast
import collections
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("studies", "systems", "continuation")  # each may use those behind it
RECEPTION = "the top of continuation/"
ROOMS = (  # each may use those behind it
    RECEPTION,
    "models",
    "exploring",
    "searching",
    "curves",
    "engine",
    "proofs",
    "output",
    "branching",
    "kinds",
    "results",
    "derived",
    "losses",
    "orbits",
    "equations",
    "symmetries",
    "expressions",
    "compiled",
    "ground",
)
COMPILED_ROOMS = ("loop", "events", "steps", "curves", "dense", "state", "matrices", "tape", "calls")
ORBIT_ROOMS = (("cycle_curves",), ("switches",), ("",), ("kernels",), ("profiles", "integrating"))  # "": its own files
MOST_FILES = 12
AT_THE_TOP = 26  # files and folders of continuation/: the words users type, the rooms, __init__.py


def module_of(file):
    """Dotted name of a file."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(file): file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))}
TREES = {module: ast.parse(file.read_text("utf-8")) for module, file in FILES.items()}


def imports(tree, modules):
    """Pairs (module of ours, node) that a file imports, wherever the statement stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in modules or node.module in modules:
                    yield (full if full in modules else node.module), node
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "later":
            yield node.args[0].value, node


def graph(trees):
    """Module -> the modules it imports."""
    return {module: {other for other, _ in imports(tree, trees)} - {module} for module, tree in trees.items()}


def circles(edges):
    """Sets of modules that reach each other (Tarjan's strongly connected components of more than one module)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in edges[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            place = stack.index(module)
            if len(stack) - place > 1:
                found.append(sorted(stack[place:]))
            del stack[place:]

    for module in edges:
        if module not in index:
            visit(module)
    return found


def room_of(module):
    """Place of a module in the order of the rooms, from the top: (package, room, room of `compiled` or `orbits`)."""
    package, *below = module.split(".")
    if package != "continuation":
        return (PACKAGES.index(package),)
    if not below:
        return (PACKAGES.index(package), -1)  # the package itself stands above all its rooms
    is_top = FILES[module].parent == ROOT / "continuation"
    room = RECEPTION if is_top else below[0]
    inner = COMPILED_ROOMS.index(below[1]) if room == "compiled" and len(below) > 1 else -1
    if room == "orbits" and len(below) > 1:
        own = [place for place, together in enumerate(ORBIT_ROOMS) if below[1] in together]
        inner = own[0] if own else ORBIT_ROOMS.index(("",))
    return PACKAGES.index(package), ROOMS.index(room), inner


def upwards(edges):
    """Imports from a room of one above it."""
    for module, others in edges.items():
        for other in others:
            below, above = room_of(other), room_of(module)
            shared = min(len(below), len(above))
            if below[:shared] < above[:shared]:
                yield f"{module} uses {other}"


def inside_functions(tree, modules):
    """Lines of imports of our own that stand inside a function."""
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from (node.lineno for _, node in imports(function, modules))


def test_a_room_uses_only_rooms_below_it():
    assert list(upwards(graph(TREES))) == []


def test_no_file_is_part_of_a_circle():
    assert circles(graph(TREES)) == []


def test_imports_of_our_own_stand_at_the_top():
    assert [f"{module}:{line}" for module, tree in TREES.items() for line in inside_functions(tree, TREES)] == []


def test_no_file_name_stands_twice():
    counts = collections.Counter(file.name for file in FILES.values() if file.name != "__init__.py")
    assert [name for name, count in counts.items() if count > 1] == []


def test_folders_hold_few_files():
    counts = collections.Counter(file.parent.relative_to(ROOT).as_posix() for file in FILES.values())
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_every_room_is_in_the_order_and_the_top_is_short():
    top = [
        place
        for place in (ROOT / "continuation").iterdir()
        if place.suffix == ".py" or (place / "__init__.py").exists()
    ]
    assert {place.name for place in top if place.is_dir()} == {*ROOMS} - {RECEPTION}
    inner = (ROOT / "continuation" / "compiled").iterdir()
    assert {place.name for place in inner if (place / "__init__.py").exists()} == {*COMPILED_ROOMS}
    inner = (ROOT / "continuation" / "orbits").iterdir()
    assert {place.name for place in inner if (place / "__init__.py").exists()} == {*sum(ORBIT_ROOMS, ())} - {""}
    assert len(top) <= AT_THE_TOP


@pytest.mark.parametrize("room", ROOMS[1:])
def test_every_room_says_what_it_is_and_has_tests(room):
    assert ast.get_docstring(TREES[f"continuation.{room}"])
    assert list((ROOT / "tests" / room).glob("test_*.py"))


def test_the_tests_above_would_notice():
    trees = {
        "continuation.ground.names": ast.parse("def f():\n    from continuation.engine.run import begin"),
        "continuation.engine.run": ast.parse('trace = later("continuation.ground.names")'),
    }
    edges = graph(trees)
    assert circles(edges) == [["continuation.engine.run", "continuation.ground.names"]]
    assert list(inside_functions(trees["continuation.ground.names"], trees)) == [2]
    assert room_of("continuation.engine.run") < room_of("continuation.ground.names")
    assert room_of("continuation.compiled.loop.advance") < room_of("continuation.compiled.calls.arrays")
    assert room_of("continuation.orbits.periodic") < room_of("continuation.orbits.kernels.table")
    assert room_of("continuation.orbits.profiles.orbit") == room_of("continuation.orbits.integrating.simulation")
    assert room_of("studies.claims") < room_of("systems.textbook") < room_of("continuation.trace")
