"""The benchmarks in AUTO-07p: its files are right, and a command that does what AUTO does is timed."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import auto
from benchmarks.cases import CASES


def tiny(name):
    """The first steps of a case."""
    return dataclasses.replace(CASES[name], steps=60)


# A stand-in for AUTO: reads what it was given, then writes a branch with one fold, or fails.
STAND_IN = """#!{python}
import pathlib, re, sys
script = pathlib.Path(sys.argv[1]).read_text()
asked = dict(re.findall(r"(\\w+)='?(\\w+)", script))
source = pathlib.Path(asked["e"] + ".f90").read_text()
constants = pathlib.Path("c." + asked["c"]).read_text()
if "{trouble}":
    print("gfortran: error: {trouble}")
    sys.exit(1)
assert "SUBROUTINE FUNC(" in source and "SUBROUTINE STPNT(" in source
assert "IADS = 0" in constants
points = int(asked["NMX"])
types = [9, *[0] * (points - 3), 2, 9] if points > 3 else [9, 9]
with open("b." + asked["sv"], "w") as out:
    out.write("   0   EPSL= 1.0E-07\\n   0    PT  TY  LAB\\n")
    for k, kind in enumerate(types, 1):
        out.write(f"   1  {{-k}}  {{kind}}  0  1.0  2.0\\n")
"""


def stand_in(folder, monkeypatch, trouble=""):
    """Put the stand-in on an otherwise empty PATH."""
    file = folder / "auto"
    file.write_text(STAND_IN.format(python=sys.executable, trouble=trouble), "utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


needs_scripts = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line")


@needs_scripts
def test_the_cases_run_in_auto_where_it_is(monkeypatch, tmp_path, capsys):
    stand_in(tmp_path, monkeypatch)
    monkeypatch.setattr(command, "CASES", {"bratu-2": tiny("bratu-2"), "snake": tiny("snake")})
    file = tmp_path / "times.json"
    assert command.main(["bratu", "snake", "--repeat", "2", "--json", str(file)]) == 0
    table = capsys.readouterr().out.split("AUTO / engine")[1].splitlines()
    assert [line.split()[:3] for line in table[1:3]] == [["bratu-2", "59", "1"], ["snake", "59", "1"]]
    found = json.loads(file.read_text("utf-8"))["auto"]
    assert [(one["name"], one["steps"], one["folds"], one["failed"]) for one in found] == [
        ("bratu-2", 59, 1, ""),
        ("snake", 59, 1, ""),
    ]
    assert [len(one["samples"]) for one in found] == [2, 2]


@needs_scripts
def test_a_compiler_that_fails_is_reported(monkeypatch, tmp_path, capsys):
    stand_in(tmp_path, monkeypatch, trouble="no such thing as a compiler")
    monkeypatch.setattr(command, "CASES", {"bratu-2": tiny("bratu-2")})
    file = tmp_path / "times.json"
    assert command.main(["bratu", "--repeat", "1", "--json", str(file)]) == 0
    assert "no such thing as a compiler" in capsys.readouterr().out
    assert "no such thing as a compiler" in json.loads(file.read_text("utf-8"))["auto"][0]["failed"]


def test_without_auto_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert auto.find() is None


def test_times_are_less_the_start():
    timed = auto.AutoTimed("x", steps=101, samples=(1.0, 1.3, 1.2), starts=(0.2, 0.1, 0.3))
    assert timed.per_step()[0] == pytest.approx(1e6 * (1.2 - 0.2) / 100)


def test_constants_say_the_case():
    text = auto.constants(CASES["bratu-8"], 8)
    said = dict(part.split(" = ") for part in text.replace("\n", ", ").split(", ") if " = " in part)
    assert said["NDIM"] == "8"
    assert said["NMX"] == "20001"
    assert float(said["DS"]) == float(said["DSMIN"]) == float(said["DSMAX"]) == CASES["bratu-8"].step
    assert float(said["EPSU"]) == CASES["bratu-8"].tolerance


def test_numbers_are_doubles_in_fortran():
    assert [auto.number(x) for x in (0, 0.1, 1e-07, 2.5e20)] == ["0.0D0", "0.1D0", "1D-07", "2.5D+20"]


DRIVER = """
      PROGRAM MAIN
      IMPLICIT NONE
      INTEGER, PARAMETER :: N = {n}
      INTEGER ICP(1)
      DOUBLE PRECISION U(N), PAR(36), F(N), DFDU(N, N), DFDP(N, 36)
      ICP = 1
      DFDU = 7.0D0
      DFDP = 7.0D0
      PAR = 0.0D0
      CALL STPNT(N, U, PAR, 0.0D0)
      IF (ANY(U /= 0.0D0)) STOP 1
{u}      PAR(1) = {p}
      CALL FUNC(N, U, ICP, PAR, 2, F, DFDU, DFDP)
      PRINT '(ES25.16)', F, TRANSPOSE(DFDU), DFDP(:, 1)
      END PROGRAM MAIN
"""


@pytest.mark.skipif(not shutil.which("gfortran"), reason="needs gfortran")
@pytest.mark.parametrize("name", ["bratu-2", "bratu-8", "convection-8", "snake"])
def test_the_fortran_computes_the_problem(name, tmp_path):
    problem = CASES[name].problem()
    n = len(problem.states)
    u, p = np.sin(1.0 + np.arange(n)), 0.7
    driver = DRIVER.format(
        n=n, u="".join(f"      U({k}) = {auto.number(x)}\n" for k, x in enumerate(u, 1)), p=auto.number(p)
    )
    (tmp_path / "main.f90").write_text(auto.equations(problem) + driver, "utf-8")
    subprocess.run(["gfortran", "main.f90", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    vary = CASES[name].vary
    wanted = [
        problem.residual(u, {vary: p}),
        problem.jacobian(u, {vary: p}).ravel(),
        problem.parameter_derivative(u, vary, {vary: p}),
    ]
    assert np.array(printed.split(), float) == pytest.approx(np.concatenate(wanted), rel=1e-13, abs=1e-13)
