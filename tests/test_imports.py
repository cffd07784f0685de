"""The build of the toolkit: which way imports run, how long files are, what stays out of the sources."""

import ast
import configparser
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
ROOMS = ("continuation", "systems", "studies")
SOURCES = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
ALL = SOURCES + [file for room in ("tests", "benchmarks") for file in sorted((ROOT / room).rglob("*.py"))]
BROUGHT_ALONG = {"llvmlite"}  # numba's, at the version numba wants
FORBIDDEN = {
    "continuation": {"systems", "studies", "tests", "benchmarks"},
    "systems": {"studies", "tests", "benchmarks"},
    "studies": {"tests", "benchmarks"},
}


def name(file):
    return file.relative_to(ROOT).as_posix()


def imports(tree):
    """Top-level packages a module imports, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide their direction"
            yield node.module.split(".")[0]


def calls(tree):
    """Names of the plain functions a module calls."""
    return {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_imports_run_from_studies_to_systems_to_continuation(file):
    room = file.relative_to(ROOT).parts[0]
    assert not set(imports(ast.parse(file.read_text("utf-8")))) & FORBIDDEN[room]


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_packages_from_elsewhere_are_named_in_setup_cfg(file):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = set(re.findall(r"^[\w-]+", config["options"]["install_requires"], re.MULTILINE))
    elsewhere = set(imports(ast.parse(file.read_text("utf-8")))) - set(ROOMS) - set(sys.stdlib_module_names)
    optional = {file.stem.removesuffix("_loss")} & {"jax", "torch"}  # files imported where such a loss is met
    assert elsewhere <= declared | BROUGHT_ALONG | {"tomllib"} | optional


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_no_text_is_evaluated_and_nothing_is_unpickled(file):
    tree = ast.parse(file.read_text("utf-8"))
    assert not calls(tree) & {"eval", "exec", "__import__"}
    assert not set(imports(tree)) & {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}


@pytest.mark.parametrize("file", ALL, ids=name)
def test_files_are_short(file):
    assert len(file.read_text("utf-8").splitlines()) <= 500


def test_the_tests_above_would_notice():
    tree = ast.parse("from systems.relu import plane\ndef f():\n    import pickle\n    return eval('1')")
    assert set(imports(tree)) == {"systems", "pickle"}
    assert calls(tree) == {"eval"}
    with pytest.raises(AssertionError, match="relative"):
        list(imports(ast.parse("from . import trace")))


@pytest.mark.parametrize("package", ["continuation", "systems.textbook"])
def test_import_leaves_heavy_packages_alone(package):
    heavy = {"matplotlib", "xarray", "sympy", "pandas", "h5netcdf", "rich", "click"}
    code = f"import sys, {package}; print(*({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
