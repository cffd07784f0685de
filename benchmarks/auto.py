"""The same cases in AUTO-07p, where its command ``auto`` is on the PATH.

What is comparable: equations with analytic derivatives in compiled code, the prescribed step (DS = DSMIN = DSMAX,
IADS = 0) in the Euclidean norm (THL and THU are 1), Newton's tolerance, folds, branch points and Hopf points looked
for and the eigenvalues known at every point.  What differs: AUTO predicts along the secant, accepts a correction by
its largest component, computes a spectrum at every point, factors with full pivoting, locates special points to
EPSS = 1e-5 only, and writes the branch to a file as text; that writing is part of its time.
"""

import math
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

from benchmarks.cases import Case
from benchmarks.timing import median_and_spread

COMMANDS = ("auto", "auto-07p")  # the project's name of it, Debian's
NAME, SAVED = "equations", "branch"
SECONDS = 600  # a run that takes longer is given up
FEW = 2  # points of the short run
COLUMNS = ("case", "steps", "folds", "AUTO", "+-", "engine", "AUTO / engine", "failed")
NOTE = "AUTO, engine: microseconds a step (median); AUTO: less its start, with the branch written to a file"
ABSENT = "no `auto` on the PATH: the cases did not run in AUTO-07p"

BRATU = """\
      INTEGER I, J
      DOUBLE PRECISION LEFT, RIGHT, SECOND, FIRST
      SECOND = (NDIM + 1.0D0)**2
      FIRST = 0.5D0 * PAR(2) * (NDIM + 1.0D0)
      DO I = 1, NDIM
        LEFT = 0.0D0
        RIGHT = 0.0D0
        IF (I > 1) LEFT = U(I - 1)
        IF (I < NDIM) RIGHT = U(I + 1)
        F(I) = SECOND * (LEFT - 2.0D0 * U(I) + RIGHT) + FIRST * (RIGHT - LEFT) + PAR(1) * EXP(U(I))
      END DO
      IF (IJAC == 0) RETURN
      DO J = 1, NDIM
        DO I = 1, NDIM
          DFDU(I, J) = 0.0D0
        END DO
        DFDU(J, J) = PAR(1) * EXP(U(J)) - 2.0D0 * SECOND
        IF (J < NDIM) DFDU(J + 1, J) = SECOND - FIRST
        IF (J > 1) DFDU(J - 1, J) = SECOND + FIRST
      END DO
      IF (IJAC == 1) RETURN
      DO I = 1, NDIM
        DFDP(I, 1) = EXP(U(I))
      END DO
"""
SNAKE_PAIR = """\
      F(1) = U(2) - SIN(U(1))
      F(2) = PAR(1) - 0.1D0 * U(1) - U(2)
      IF (IJAC == 0) RETURN
      DFDU(1, 1) = -COS(U(1))
      DFDU(1, 2) = 1.0D0
      DFDU(2, 1) = -0.1D0
      DFDU(2, 2) = -1.0D0
      IF (IJAC == 1) RETURN
      DFDP(1, 1) = 0.0D0
      DFDP(2, 1) = 1.0D0
"""
BODIES = {"bratu": BRATU, "snake_pair": SNAKE_PAIR}  # by the problem's name
FILE = """\
      SUBROUTINE FUNC(NDIM, U, ICP, PAR, IJAC, F, DFDU, DFDP)
      IMPLICIT NONE
      INTEGER NDIM, ICP(*), IJAC
      DOUBLE PRECISION U(NDIM), PAR(*), F(NDIM), DFDU(NDIM, NDIM), DFDP(NDIM, *)
{body}      END SUBROUTINE FUNC

      SUBROUTINE STPNT(NDIM, U, PAR, T)
      IMPLICIT NONE
      INTEGER NDIM
      DOUBLE PRECISION U(NDIM), PAR(*), T
      U = 0.0D0
{start}      END SUBROUTINE STPNT
{unused}"""
UNUSED = "".join(
    f"\n      SUBROUTINE {name}\n      END SUBROUTINE {name}\n" for name in ("BCND", "ICND", "FOPT", "PVLS")
)
CONSTANTS = """\
NDIM = {n}, IPS = 1, IRS = 0, ILP = 1, ISP = 2, ISW = 1, ICP = [1]
NMX = {points}, NPR = {points}, MXBF = 0, IID = 0, ITMX = 8, ITNW = 8, NWTN = 3, JAC = 1
EPSL = {tolerance}, EPSU = {tolerance}, EPSS = 1e-5
DS = {step}, DSMIN = {step}, DSMAX = {step}, IADS = 0
THL = {{1: 1.0}}, THU = {{}}
"""


def find() -> str | None:
    """Path of AUTO's command, None where there is none."""
    return next(filter(None, map(shutil.which, COMMANDS)), None)


def number(value) -> str:
    """Fortran's text of a double."""
    return repr(float(value)).replace("e", "D") if "e" in repr(float(value)) else f"{float(value)!r}D0"


def equations(problem) -> str:
    """Fortran text of a case's problem: residual, both derivatives, and zero as start."""
    values = problem.parameter_values(problem.parameters)
    start = "".join(f"      PAR({k}) = {number(value)}\n" for k, value in enumerate(values, 1))
    return FILE.format(body=BODIES[problem.name], start=start, unused=UNUSED)


def constants(case: Case, n: int) -> str:
    """Text of AUTO's constants of a case with `n` states."""
    return CONSTANTS.format(n=n, points=case.steps + 1, tolerance=case.tolerance, step=float(case.step))


@dataclass(frozen=True)
class AutoTimed:
    """What a case cost in AUTO.

    Attributes
    ----------
    steps, folds : int
        Regular points behind the start, and folds located.
    samples : list of float
        Seconds of every whole run.
    starts : list of float
        Seconds of every run of `FEW` points: mostly the start of the command.
    failed : str
        Why there are no numbers, empty otherwise.
    """

    name: str
    steps: int = 0
    folds: int = 0
    samples: tuple = ()
    starts: tuple = ()
    failed: str = ""

    def per_step(self) -> tuple[float, float]:
        """Microseconds a step (median, the start subtracted) and spread."""
        start = statistics.median(self.starts)
        middle, spread = median_and_spread([sample - start for sample in self.samples])
        return 1e6 * middle / (self.steps - FEW + 1), spread

    def as_dict(self) -> dict:
        """Everything, for JSON."""
        numbers = {} if self.failed else dict(zip(("us_per_step", "spread"), self.per_step()))
        return {**vars(self), **numbers}


class Failed(Exception):
    """AUTO did not run to its end."""


def run(command: str, folder: pathlib.Path, points: int) -> tuple[float, list]:
    """Let AUTO compute so many points; returns (seconds of the whole command, types of the rows it wrote)."""
    (folder / "run.auto").write_text(
        f"run(e='{NAME}', c='{NAME}', sv='{SAVED}', NMX={points}, NPR={points})\n", "utf-8"
    )
    saved = folder / f"b.{SAVED}"
    saved.unlink(missing_ok=True)
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    began = time.perf_counter()
    try:
        done = subprocess.run([command, "run.auto"], cwd=folder, timeout=SECONDS, env=own_environment(), **given)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    took = time.perf_counter() - began
    if done.returncode or not saved.is_file():
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        raise Failed(f"status {done.returncode}, no branch; it ends with: {' / '.join(said[-3:])}")
    return took, row_types(saved)


def own_environment() -> dict:
    """Environment of the command: one thread, as the engine has at these sizes."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def row_types(file) -> list:
    """Type of every row of a b-file (its last digit, with the sign); what starts with a zero is its head."""
    rows = (line.split() for line in file.read_text("utf-8", "replace").splitlines())
    return [int(math.fmod(int(row[2]), 10)) for row in rows if len(row) > 3 and row[0] != "0"]


def measure(name: str, case: Case, repeat: int, command: str) -> AutoTimed:
    """Time a case in AUTO, `repeat` times after a run that compiles it; a failure is a result."""
    problem = case.problem()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        (folder / f"{NAME}.f90").write_text(equations(problem), "utf-8")
        (folder / f"c.{NAME}").write_text(constants(case, len(problem.states)), "utf-8")
        try:
            run(command, folder, FEW)
            pairs = [(run(command, folder, FEW), run(command, folder, case.steps + 1)) for _ in range(repeat)]
        except Failed as failure:
            return AutoTimed(name, failed=str(failure))
    types = pairs[-1][1][1]
    regular = sum(kind in (0, 4, 9) for kind in types)
    samples, starts = tuple(long for _, (long, _) in pairs), tuple(short for (short, _), _ in pairs)
    if regular <= FEW:
        return AutoTimed(name, failed=f"it stopped after {regular} points")
    return AutoTimed(name, regular - 1, types.count(2), samples, starts)


def row(timed: AutoTimed, engine: float) -> tuple:
    """Columns of `COLUMNS` for one case, next to the engine's microseconds a step."""
    if timed.failed:
        return timed.name, "", "", "", "", f"{engine:.3f}", "", timed.failed
    middle, spread = timed.per_step()
    numbers = (f"{middle:.3f}", f"{100 * spread:.0f}%", f"{engine:.3f}", f"{middle / engine:.1f}")
    return timed.name, str(timed.steps), str(timed.folds), *numbers, ""
