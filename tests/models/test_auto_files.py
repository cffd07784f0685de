"""Equation files of AUTO in their simple form, and constants files."""

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.models.auto_files import read_constants
from continuation.models.description import ModelError

FORTRAN = """\
! two reactions in a tank
SUBROUTINE FUNC(NDIM,U,ICP,PAR,IJAC,F,DFDU,DFDP)
  IMPLICIT NONE
  INTEGER, INTENT(IN) :: NDIM, ICP(*), IJAC
  DOUBLE PRECISION, INTENT(IN) :: U(NDIM), PAR(*)
  DOUBLE PRECISION U1, E
  U1 = U(1)
  E = DEXP(U(2))   ! the rate
  F(2) = -U(2) + PAR(1)*PAR(2)*(1-U1)*E &
         - PAR(3)*U(2)
  F(1) = -U1 + PAR(1)*(1.0d0-U1)*E
  IF(IJAC.EQ.0)RETURN
  DFDU(1,1) = -1 - PAR(1)*E
END SUBROUTINE FUNC

SUBROUTINE STPNT(NDIM,U,PAR,T)
  PAR(1)=0.d0
  PAR(2)=14.
  PAR(3)=2
  U(1)=0.
  U(2)=0.
END SUBROUTINE STPNT

SUBROUTINE BCND
END SUBROUTINE BCND
"""
C = """\
#include "auto_f2c.h"
/* two reactions
   in a tank */
int func (integer ndim, const doublereal *u, const integer *icp,
          const doublereal *par, integer ijac,
          doublereal *f, doublereal *dfdu, doublereal *dfdp)
{
  double e = exp(u[1]);  // the rate
  f[0] = -u[0] + par[0]*(1-u[0])*e;
  f[1] = -u[1] + par[0]*par[1]*(1-u[0])*e
         - par[2]*pow(u[1], 1);
  return 0;
}
int stpnt (integer ndim, doublereal t, doublereal *u, doublereal *par)
{
  par[0] = 0.0;
  par[1] = 14.0;
  par[2] = 2.0;
  u[0] = 0.0;
  u[1] = 0.0;
  return 0;
}
"""
CONSTANTS = """\
# constants
parnames = {1: 'p1', 2: 'p2', 3: 'p3'}
unames = {1: 'x'}
NDIM=   2, IPS =   1, ILP =   1
ICP =  ['p1']
NMX=  100, NPR= 100, ITNW= 7, EPSU = 1e-07
DS  = -0.01, DSMIN= 1d-5, DSMAX=  0.05
THL =  {}, UZR = {-1: [0.3, 0.4]}
RL0=0., RL1=0.15
"""


def write(folder, name, text):
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize(("name", "text"), [("tank.f90", FORTRAN), ("tank.c", C)])
def test_equations_of_both_languages(tmp_path, name, text):
    problem = Problem.from_file(write(tmp_path, name, text))
    x, y = 0.3, 1.2
    values = dict(zip(problem.parameters, (0.1, 14.0, 2.0)))
    expected = [-x + 0.1 * (1 - x) * np.exp(y), -y + 1.4 * (1 - x) * np.exp(y) - 2 * y]
    np.testing.assert_allclose(problem.residual([x, y], values), expected, rtol=1e-15)
    assert list(problem.model.parameters.values()) == [0.0, 14.0, 2.0]


def test_the_constants_beside_it_say_what_to_do(tmp_path):
    write(tmp_path, "c.tank", CONSTANTS)
    problem = Problem.from_file(write(tmp_path, "tank.f90", FORTRAN))
    model = problem.model
    assert problem.states == ("x", "u2")
    assert (model.vary, model.span) == ("p1", (0.0, 0.15))
    settings = model.settings
    assert (settings.step, settings.max_step, settings.min_step, settings.max_points) == (0.01, 0.05, 1e-5, 100)
    assert "not used: ILP, IPS, NPR, THL, UZR" in model.notes[0]
    branch = trace(problem, model.start, model.vary, model.span)
    # AUTO's manual, demo ab: folds at 0.1057390 and 0.08893185, Hopf point at 0.09190
    np.testing.assert_allclose([fold["p1"] for fold in branch.folds], [0.1057390, 0.08893185], rtol=1e-6)


def test_constants_are_numbers_texts_lists_and_mappings(tmp_path):
    found = read_constants(write(tmp_path, "c.x", CONSTANTS))
    assert (found["NMX"], found["DSMIN"], found["ICP"], found["THL"]) == (100, 1e-5, ["p1"], {})
    assert found["UZR"] == {-1: [0.3, 0.4]}
    with pytest.raises(ModelError, match=r"c.y:2: wanted NAME = value, got 'this is wrong"):
        read_constants(write(tmp_path, "c.y", "NDIM=2\nthis is wrong\n"))
    with pytest.raises(ModelError, match="the old form"):
        read_constants(write(tmp_path, "c.z", "2 1 0 1   NDIM,IPS,IRS,ILP\n"))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("U1 = U(1)", "U1 = U(1)/(1/2)", 7, "a quotient of whole numbers"),
        ("U1 = U(1)", "CALL RATES(U)", 7, "no simple assignment"),
        ("U1 = U(1)", "IF(U(1).GT.0) U1 = U(1)", 7, "no simple assignment"),
        ("E = DEXP", "U1 = DEXP", 8, "u1 is given a second value"),
        ("PAR(3)=2\n", "PAR(3)=2*PAR(1)\n", 19, "a number"),
        ("U1 = U(1)", "U1 = FOO(U(1))", 7, "unknown function 'foo'"),
        ("SUBROUTINE BCND\n", "SUBROUTINE BCND(NDIM)\nFB(1)=U0(1)\n", 25, "boundary value problem"),
    ],
)
def test_what_is_not_simple_is_refused_at_its_line(tmp_path, old, new, line, words):
    assert old in FORTRAN
    file = write(tmp_path, "tank.f90", FORTRAN.replace(old, new, 1))
    with pytest.raises(ModelError, match=rf"tank.f90:{line}: .*{words}"):
        Problem.from_file(file)
