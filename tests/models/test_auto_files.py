"""Equation files of AUTO in their simple form, and constants files."""

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.models.auto.constants_file import read_constants
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
    assert "not used: ILP, NPR, THL, UZR" in model.notes[0]
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


def test_numbers_are_those_of_the_constants_in_both_languages(tmp_path):
    write(tmp_path, "c.tank", CONSTANTS.replace("['p1']", "[2, 11]").replace("{1: 'x'}", "{2: 'y'}"))
    for name, text in (("tank.f90", FORTRAN), ("tank.c", C), ("tank.C", C)):
        model = Problem.from_file(write(tmp_path, name, text)).model
        assert (model.problem.states, model.vary) == (("u1", "y"), "p2")
        assert model.parameters == {"p1": 0.0, "p2": 14.0, "p3": 2.0}


def test_what_is_varied_is_a_parameter(tmp_path):
    file = write(tmp_path, "tank.f90", FORTRAN)
    write(tmp_path, "c.tank", CONSTANTS.replace("['p1']", "[11, 'p3']"))
    model = Problem.from_file(file).model
    assert model.vary == "p3"
    assert "ICP: PAR(11) is no parameter of the equations; p3 is varied" in model.notes
    write(tmp_path, "c.tank", CONSTANTS.replace("['p1']", "'nothing'"))
    assert Problem.from_file(file).model.vary == "p1"


def test_names_that_ours_may_not_have_are_said(tmp_path):
    names = "parnames = {1: 'exp', 2: 'p'}, unames = {1: 'is'}, ICP = ['exp'], PAR = {'exp': 3}, U = {'is': 2}"
    write(tmp_path, "c.tank", f"{names}, UZSTOP = {{'exp': [1, 4], 'p': 7}}")
    model = Problem.from_file(write(tmp_path, "tank.f90", FORTRAN)).model
    assert (model.vary, model.span, model.start["is_"]) == ("exp_", (1.0, 4.0), 2.0)
    assert model.parameters == {"exp_": 3.0, "p": 14.0, "par3": 2.0}
    assert model.notes == (
        "is is called is_", "exp is called exp_", "UZSTOP: p is not varied; its limits are not used",
    )  # fmt: skip
    for line, note in (
        ("double precision in\n in = u(1); f(1) = in", "in is called in_"),
        ("double precision par1\n par1 = 1/u(1); f(1) = par1*par(1)", "PAR(1) is called par1_"),
    ):
        assert Problem.from_file(write(tmp_path, "m.f90", SIMPLE.format(line=line))).model.notes == (note,)


def test_limits_of_a_parameter_by_its_number(tmp_path):
    for names in ("", "parnames = {3: 'p3'}, "):
        write(tmp_path, "c.tank", f"{names}ICP = 3, UZSTOP = {{3: [0.5, 4]}}")
        assert Problem.from_file(write(tmp_path, "tank.f90", FORTRAN)).model.span == (0.5, 4.0)


def fixed(lines):
    """FUNC with these lines of fixed form in it, and two parameters."""
    return f"""\
      SUBROUTINE FUNC(NDIM,U,ICP,PAR,IJAC,F,DFDU,DFDP)
      IMPLICIT DOUBLE PRECISION (A-H,O-Z)
      DIMENSION U(NDIM),PAR(*),F(NDIM)
{lines}
      END
      SUBROUTINE STPNT(NDIM,U,PAR,T)
      IMPLICIT DOUBLE PRECISION (A-H,O-Z)
      PAR(1)=3.0D0
      PAR(2)=-7.5
      U(1)=1
      END
"""


def test_fixed_form_goes_by_columns(tmp_path):
    lines = """\
C     a comment
* another  F(1)=0
      C = PAR(1)                                                        * 100
      F(1) = U(1)
C in between
     &     + C
   10 CONTINUE
     1 + 1"""
    problem = Problem.from_file(write(tmp_path, "m.f", fixed(lines.replace("\n     1 + 1", ""))))
    assert problem.residual([2.0]) == [5.0]
    with pytest.raises(ModelError, match=r"m.f:10: no simple assignment: 'CONTINUE \+ 1'"):
        Problem.from_file(write(tmp_path, "m.f", fixed(lines)))
    with pytest.raises(ModelError, match=r"m.f:4: columns 1 to 5 are for labels"):
        Problem.from_file(write(tmp_path, "m.f", fixed("F(1) = U(1)")))


def test_in_free_form_a_line_may_begin_with_c(tmp_path):
    free = FORTRAN.replace("U1 = U(1)", "CALL RATES(U)")
    with pytest.raises(ModelError, match="no simple assignment: 'CALL RATES"):
        Problem.from_file(write(tmp_path, "m.f90", free.replace("  CALL", "CALL")))
    free = FORTRAN.replace("  U1 = U(1)", "c = 3; U1 = U(1)").replace("*E &", "*E*c &\n\n ! more\n  &")
    assert "c &" in free
    problem = Problem.from_file(write(tmp_path, "m.f90", free))
    np.testing.assert_allclose(problem.residual([0.0, 0.0], {"par1": 2.0, "par2": 5.0}), [2.0, 30.0])


SIMPLE = """\
subroutine func(ndim,u,icp,par,ijac,f,dfdu,dfdp)
  implicit none
  integer, intent(in) :: ndim, icp(*), ijac
  real(8), parameter :: rate = 2.5_8, d2e1 = 4d0
  double precision :: x, y
  integer n, k
  {line}
end subroutine func
subroutine stpnt(ndim,u,par,t)
  par(1) = 1.25_8
  u(1) = .5d+1
end subroutine stpnt
"""
IN_C = """\
#include "auto_f2c.h"
int func (integer ndim, const doublereal *u, const integer *icp, const doublereal *par, integer ijac,
          doublereal *f, doublereal *dfdu, doublereal *dfdp)
{{
  const double rate = 2.5f, R = 4; int n = 3, k;
  double x, y;
  {line}
  return 0;
}}
int stpnt (integer ndim, doublereal t, doublereal *u, doublereal *par) {{ par[0] = 1.25; u[0] = 5.0; return 0; }}
"""


@pytest.mark.parametrize(
    ("line", "value"),  # at u = 5, par = 1.25
    [
        ("f(1) = u(1)*1.0_8 + par(1)*1d0", 6.25),
        ("f(1) = rate*d2e1", 10.0),
        ("f(1) = mod(-u(1), 3.0)", -2.0),
        ("f(1) = mod(u(1), -3.0)", 2.0),
        ("n = 3; f(1) = u(1)/n", 5 / 3),
        ("f(1) = u(1)*1/2", 2.5),
        ("f(1) = 2*u(1)**2/4", 12.5),
        ("f(1) = u(1)**(1/2.0)", 5**0.5),
        ("f(1) = dmax1(u(1), 7d0) - dble(2)/4", 6.5),
        ("x = u(1); y = x + 1; f(1) = y", 6.0),
        ("f(1) = -u(1)**2", -25.0),
        ("if (ijac.ne.0) then\n dfdu(1,1) = 1\n end if\n f(1) = u(1)", 5.0),
        ("f(1) = u(1)\n if (ijac.eq.1) dfdu(1,1) = 1", 5.0),
        ("f(1) = u(1)\n if (ijac.eq.0) return\n dfdu(1,1) = 1\n x = y", 5.0),
        ("f(1) = sqrt(u(1)*5.) ! c'est 5", 5.0),
    ],
)
def test_fortran_means_what_it_means_there(tmp_path, line, value):
    problem = Problem.from_file(write(tmp_path, "m.f90", SIMPLE.format(line=line)))
    np.testing.assert_allclose(problem.residual([5.0]), [value], rtol=1e-15)
    assert problem.model.start == {"u1": 5.0}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("f[0] = u[0]*1.0f + par[0];", 6.25),
        ("f[0] = rate*R;", 10.0),
        ("f[0] = fmod(-u[0], 3.0);", -2.0),
        ("f[0] = u[0]/n;", 5 / 3),
        ("x = u[0]; y = x + 1; f[0] = y;", 6.0),
        ("f[0] = u[0]; if (ijac == 0) return 0; dfdu[0] = 1;", 5.0),
        ("if (ijac != 0) { dfdu[0] = 1; x = y; } f[0] = u[0];", 5.0),
        ("f[0] = M_PI*!(u[0] > 3) + (u[0] > 3 && x); x = 1;", 1.0),
        ("f[0] = pow(u[0], 2) + fabs(-u[0]);", 30.0),
        ("f[00] = tgamma(u[0]) - 010*par[00] + 010.5;", 24.0 - 8 * 1.25 + 10.5),
    ],
)
def test_c_means_what_it_means_there(tmp_path, line, value):
    problem = Problem.from_file(write(tmp_path, "m.c", IN_C.format(line=line)))
    np.testing.assert_allclose(problem.residual([5.0]), [value], rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("m.f90", "f(1) = (1+1)/(2*3)*u(1)", "a quotient of whole numbers"),
        ("m.f90", "n = 3; f(1) = u(1)**(1/n)", "a quotient of whole numbers"),
        ("m.f90", "f(1) = u(1)*2**(-1)", "a power of whole numbers"),
        ("m.f90", "f(1) = u(1)*(floor(u(1))/2)", "a quotient of whole numbers"),
        ("m.f90", "n = 2.5*u(1); f(1) = n", "a whole number there"),
        ("m.f90", "f(1) = u(1); f(1) = 2", r"F\(1\) is given a second value"),
        ("m.f90", "f(1) = u(1); f(3) = 2", r"no F\(2\) = ... in it"),
        ("m.f90", "f(2) = u(1)", r"no F\(1\) = ... in it"),
        ("m.f90", "if (ijac.eq.0) then\n f(1) = 1\n end if", "F under a condition on IJAC"),
        ("m.f90", "if (u(1).gt.0) then\n f(1) = 1\n end if", "no simple assignment: 'if"),
        ("m.f90", "do k = 1, 3\n f(1) = 1\n end do", "no simple assignment: 'do"),
        ("m.f90", "f(1) = u(1)^2", r"found '\^2'"),
        ("m.c", "f[0] = u[0]*(n/2);", "a quotient of whole numbers"),
        ("m.c", "f[0] = u[0]^2;", r"found '\^2'"),
        ("m.c", "f[0] += u[0];", "no simple assignment"),
        ("m.c", "f[0] = gamma(u[0]);", "gamma is the logarithm .* write tgamma"),
        ("m.c", "f[0] = 09*u[0];", r"m.c:7: found '09': .* octal in C"),
        ("m.c", "f[08] = u[0];", r"m.c:7: found '08': .* octal in C"),
        ("m.c", "f[0] = abs(u[0]);", "write fabs"),
        ("m.c", "f[0] = u[0] > 0 ? 1 : 2;", r"found '\?'"),
        ("m.c", "for (k = 0; k < 3; k++) { f[0] = u[0]; }", "no simple assignment: 'for"),
        ("m.c", "if (u[0] > 0) f[0] = 1;", "no simple assignment"),
        ("m.c", "f[0] = u[0]\n#ifdef X\n + 1\n#endif\n;", "only #include is passed over"),
    ],
)
def test_what_would_be_read_otherwise_is_refused(tmp_path, name, line, words):
    text = (IN_C if name == "m.c" else SIMPLE).format(line=line)
    with pytest.raises(ModelError, match=words):
        Problem.from_file(write(tmp_path, name, text))


@pytest.mark.parametrize(
    ("number", "value"), [("010", 8.0), ("-017", -15.0), ("010.5", 10.5), ("01e1", 10.0), ("0", 0.0)]
)
def test_starts_in_c_may_be_octal(tmp_path, number, value):
    text = IN_C.format(line="f[0] = u[0];").replace("u[0] = 5.0", f"u[00] = {number}")
    assert Problem.from_file(write(tmp_path, "m.c", text)).model.start == {"u1": value}


@pytest.mark.parametrize("number", ["nan", "inf", "1.0_8*2", "par(2)", "'a'"])
def test_starts_are_numbers_of_the_language(tmp_path, number):
    text = SIMPLE.format(line="f(1) = u(1)").replace("1.25_8", number)
    with pytest.raises(ModelError, match=r"m.f90:10: wanted U\(i\) or PAR\(i\) = a number"):
        Problem.from_file(write(tmp_path, "m.f90", text))


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        ("NMX = 'many'", "c.m:1: NMX = many: wanted a whole number"),
        ("NDIM = 1\nNMX = 10.5", "c.m:2: NMX = 10.5: wanted a whole number"),
        ("RL0 = [1]", "RL0 = .1.: wanted a number"),
        ("DS = nan", "DS = nan: wanted a number"),
        ("ICP = {1: 2}", "ICP = .1: 2.: wanted a list"),
        ("ICP = []", "wanted a list of numbers or names"),
        ("UNAMES = ['x']", "UNAMES = .*: wanted a mapping, .1: 'x'."),
        ("PARNAMES = {'p': 1}", "PARNAMES = .*: wanted a mapping"),
        ("UZSTOP = {'p': 'q'}", "UZSTOP = .*: wanted a mapping"),
        ("NDIM = 2", r"no F\(2\) = ... in it; NDIM is 2"),
        ("IPS = -1", "a map: only flows are read"),
        ("PAR = {'q': 1}", "nothing is called 'q'"),
    ],
)
def test_constants_have_types(tmp_path, constants, words):
    write(tmp_path, "c.m", constants)
    with pytest.raises(ModelError, match=words):
        Problem.from_file(write(tmp_path, "m.f90", SIMPLE.format(line="f(1) = u(1)*par(1)")))


def test_blocks_that_are_passed_over_are_named(tmp_path):
    more = "subroutine pvls(ndim,u,par)\n if (u(1) > 0) then\n par(2) = u(1)\n endif\nend\nsubroutine fopt\nend\n"
    model = Problem.from_file(write(tmp_path, "m.f90", more + SIMPLE.format(line="f(1) = u(1)*par(1)"))).model
    assert model.notes == ("PVLS is not read",)


def test_more_equations_than_ndim_are_refused(tmp_path):
    write(tmp_path, "c.m", "NDIM = 1")
    with pytest.raises(ModelError, match=r"F\(2\) = ... is one too many: NDIM is 1"):
        Problem.from_file(write(tmp_path, "m.f90", SIMPLE.format(line="f(1) = u(1); f(2) = u(2)")))


def test_single_limits_and_values_of_the_constants(tmp_path):
    write(tmp_path, "c.m", "ICP = 1, UZSTOP = {'par1': 3.0}, U = {1: 7}, PAR = {1: 2}")
    model = Problem.from_file(write(tmp_path, "m.f90", SIMPLE.format(line="f(1) = u(1)*par(1)"))).model
    assert (model.vary, model.span, model.start, model.parameters) == (
        "par1",
        (2.0, 3.0),
        {"u1": 7.0},
        {"par1": 2.0},
    )


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
