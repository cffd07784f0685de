"""`.ode` files: what their language means, and what is refused at its line."""

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.models.description import ModelError, write_toml
from continuation.models.xpp.formulas import Formula, FormulaError, Names
from continuation.models.xpp.reader import read_ode

CELL = """\
# a cell; case does not matter
"a line of a tutorial
par I=0.5 gl=2,VL=-0.5
number c=2
!c2=c*0.5
minf(u)=.5*(1+tanh((u-v1)/0.15))
v'=(I-gl*(V-vl)-minf(v)*(v-1)-\\
   k*w)/C2
dw/dt=phi*(winf-w)
winf=minf(v)
p v1=-0.01, k=1, phi=.3
aux ica=minf(v)*(v-1)
aux v=v*1000
init v=-.4
w(0)=0.1*c
@ total=100, parmin=0,parmax=2
@ dsmax=.05
set strong {k=2,w=0.3,total=50}
done
this is never read
"""


def described(text):
    return read_ode("m.ode", text, "m")


def problem_of(text, folder):
    file = folder / "m.ode"
    file.write_text(text)
    return Problem.from_file(file)


def test_a_file_means_what_its_author_wrote(tmp_path):
    problem = problem_of(CELL, tmp_path)
    model = problem.model
    assert problem.states == ("v", "w")
    assert model.start == {"v": -0.4, "w": 0.2}
    assert (model.vary, model.span) == ("I", (0.0, 2.0))
    assert model.sets == {"strong": {"k": 2.0, "w": 0.3}}
    v, w = -0.3, 0.2
    minf = 0.5 * (1 + np.tanh((v + 0.01) / 0.15))
    expected = [(0.5 - 2 * (v + 0.5) - minf * (v - 1) - w) / 1.0, 0.3 * (minf - w)]
    np.testing.assert_allclose(problem.residual([v, w]), expected, rtol=1e-15)
    branch = trace(problem, model.start, model.vary, model.span)
    np.testing.assert_allclose(branch["aux_v"], 1000 * branch["v"], rtol=1e-15)
    assert "ica" in branch.outputs


def test_the_same_as_toml(tmp_path):
    description = described(CELL)
    file = tmp_path / "m.toml"
    file.write_text(write_toml(description))
    one, other = Problem.from_file(file), problem_of(CELL, tmp_path)
    assert one.model.start == other.model.start
    assert one.model.sets == other.model.sets == {"strong": {"k": 2.0, "w": 0.3}}
    np.testing.assert_array_equal(one.residual([-0.3, 0.2]), other.residual([-0.3, 0.2]))


@pytest.mark.parametrize(
    ("formula", "meaning"),
    [
        ("-x^2", "-x**2"),
        ("2^3^x", "(2**3)**x"),
        ("2^-x", "2**(-x)"),
        ("a+b>c", "a + (b > c)"),
        ("2*x>3", "2*(x > 3)"),
        ("(a+b)>c", "(a + b) > c"),
        ("a>b&c<2", "a > b and c < 2"),
        ("a|b*c", "a or b*c"),
        ("a-(b-c)-x", "a - (b - c) - x"),
        ("a/b/c*x", "a/b/c*x"),
        ("-x*a", "-x*a"),
        ("EXP(-X)+LN(A)+flr(x)", "exp(-x) + log(a) + floor(x)"),
        ("if(x<a)then(b)else(-c)", "if(x < a)then(b)else(-c)"),
        ("sum(0,2)of(shift(x,i')*i')", "((x*0) + (x1*1) + (x2*2))"),
        ("1.e-3*x", "1.e-3*x"),
        ("sum(-1,1)of(x^i'*i')", "((x**(-1)*(-1)) + (x**0*0) + (x**1*1))"),
        ("sum(-1,1)of(2-i')", "((2 - -1) + (2 - 0) + (2 - 1))"),
        ("sum(1,2)of(sum(0,i')of(a))", "((((a) + (a))) + (((a) + (a) + (a))))"),
        ("shift(x0,5-(2+1))", "x02"),
        ("shift(x0,2*(3-1))", "x04"),
        ("not(a>b)", "not(a > b)"),
        ("not(a>b)*x", "(not(a > b))*x"),
        ("-not(x)^2", "-(not(x))**2"),
        ("a&b&x", "a and b and x"),
    ],
)
def test_operators_bind_as_in_the_language(formula, meaning):
    def say(word, called):
        return word.lower()

    def after(word, places):
        return word if places == 0 else f"{word}{places}"

    assert Formula(formula, Names(say, after)).text() == meaning


def test_arrays_and_blocks_are_written_out(tmp_path):
    text = """
par d=2
u0'=u1-u0
u[1..3]'=d*(u[j+1]-2*u[j]+u[j-1])+[j]
u4'=u3-u4
s1=u1
s[2..3]=s[j-1]+u[j]
%[1..2]
a[j]'=-a[j]+b[2*j-1]
b[2*j-1]'=-b[2*j-1]
%
init u[0..4]=0.5,b[j]=1
aux total=sum(0,4)of(shift(u0,i'))
"""
    problem = problem_of(text.replace("init u[0..4]=0.5,b[j]=1", "init u[0..4]=0.5"), tmp_path)
    assert problem.states == ("u0", "u1", "u2", "u3", "u4", "a1", "b1", "a2", "b3")
    u = np.arange(9.0) ** 2
    assert problem.residual(u).tolist() == [1, 2 * 2 + 1, 2 * 2 + 2, 2 * 2 + 3, 9 - 16, -25 + 36, -36, -49 + 64, -64]
    assert problem.outputs["total"](u, np.array([2.0])) == 30.0
    assert problem.model.start["u3"] == 0.5


def test_starts_of_two_arrays_have_their_own_ranges(tmp_path):
    text = "u[0..2]'=-u[j]\nv[1..2]'=-v[j]\nw'=-w\ninit u[0..2]=0.5,w=7,v[1..2]=[j],u[j]=0.25\n"
    model = problem_of(text, tmp_path).model
    assert model.start == {"u0": 0.5, "u1": 0.25, "u2": 0.25, "v1": 1.0, "v2": 2.0, "w": 7.0}


def test_shift_goes_by_the_order_of_the_file(tmp_path):
    text = "u1'=2*shift(u1,2)-u1\nv1'=-v1\nu2'=shift(q,-1)\nq=shift(a,1)*3\nr=5\npar a=1,b=2\naux s=shift(q,1)\n"
    problem = problem_of(text, tmp_path)
    assert problem.residual([1.0, 2.0, 3.0]).tolist() == [5.0, -2.0, 3.0]
    assert problem.outputs["s"](np.zeros(3), np.array([1.0, 2.0])) == 5.0


def test_what_has_no_equilibria_of_its_own_is_said(tmp_path):
    model = problem_of("x'=-x+sin(w*t)+n\npar w=2\nwiener n\n", tmp_path).model
    assert model.parameters == {"w": 2.0, "t": 0.0}
    assert "time t" in " ".join(model.notes)
    assert "noise n is 0" in " ".join(model.notes)


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("y'=delay(x,3)", 3, "delay"),
        ("y'=ran(1)", 3, "random"),
        ("y(t+1)=x", 3, "a map"),
        ("global 1 x-1 {x=0}", 3, "a jump"),
        ("markov z 2", 3, "Markov"),
        ("bdry x-1", 3, "boundary"),
        ("b x'", 3, "boundary"),
        ("table f data.tab", 3, "table"),
        ("export {x} {y}", 3, "never loaded"),
        ("special k=conv(even,40,10,w,u)", 3, "special"),
        ("y'=x+nothing", 3, "unknown name 'nothing'"),
        ("y'=foo(x)", 3, "unknown function 'foo'"),
        ("y'=x+*2", 3, "found '\\*'"),
        ("y'=(x", 3, "wanted '\\)'"),
        ("y'=x $ 2", 3, "found '\\$ 2'"),
        ("y'=sum(0,1)of(a,x)", 3, "found ',', wanted '\\)'"),
        ("y'=sum(0,9)of(sum(0,9999)of(a))", 3, "sums of more than 10000 terms"),
        ("y'=shift(x,1/2)", 3, "wanted a whole number, found '1/2'"),
        ("y'=shift(x,5)", 3, r"shift\(x, 5\): no name there"),
        ("y'=" + 500 * "sin(" + "x" + 500 * ")", 3, "nested too deeply"),
        ("%[1..2]\nz[j]'=1", 3, "the block that begins here has no end"),
        ("%", 3, "none has begun"),
        ("y'=1\\", 3, "the file ends within a line that goes on"),
        ("#include other.ode", 3, "'#include other.ode': another file"),
        ("y(t)=x+int{exp(-t)#y}", 3, "a Volterra equation"),
        ("y(t)=int[.5]{exp(-t)}", 3, "a Volterra equation"),
        ("z[1..2]'=q[1..3]", 3, "two ranges in one line"),
        ("a=x", 3, "a second meaning of a; the first is on line 1"),
        ("f(x)=x\nf(y)=y", 4, "a second meaning of f; the first is on line 3"),
        ("q=1\nq=2", 4, "a second meaning of q; the first is on line 3"),
        ("par b=1 + c", 3, "found '\\+ c', wanted name=value"),
        ("par b=1\npar B=2", 4, "a second meaning of b"),
        ("init x=1 + 2", 3, "found '\\+ 2'"),
        ("set s {a=1 + 2}", 3, "found '\\+ 2'"),
        ("init z=1", 3, "a start of 'z', which nothing else names"),
        ("x'=2*x", 3, "a second equation for x"),
        ("y[1..3]'=x[k]", 3, "found '\\[k\\]'"),
        ("par b=abc", 3, "unknown name 'abc'"),
        ("f(a,b)=a+q", 3, "unknown name 'q'"),
        ("???", 3, "no statement that is known"),
    ],
)
def test_what_is_not_read_is_refused_at_its_line(line, place, words):
    with pytest.raises(ModelError, match=rf"^m\.ode:{place}: .*{words}"):
        described(f"par a=1\nx'=a-x\n{line}\n")


def test_errors_of_expressions_name_the_line(tmp_path):
    with pytest.raises(ModelError, match=r"m.ode:2: equation 'x'.*not a finite real number"):
        problem_of("par a=1\nx'=a-x+sqrt(-1)\n", tmp_path)
    with pytest.raises(ModelError, match="no equation"):
        described("par a=1\n")
    with pytest.raises(FormulaError, match="i' outside a sum"):
        Formula("i'+1", Names(lambda word, called: word, None)).text()


def test_names_that_ours_may_not_have_get_an_underscore(tmp_path):
    problem = problem_of("par is=1\npi2=pi*2\nx'=is-x\nin(u)=u*2\n", tmp_path)
    assert list(problem.parameters) == ["is_"]
    assert "is is called is_" in problem.model.notes


def test_an_include_with_a_blank_is_a_comment(tmp_path):
    assert problem_of("# include other.ode\npar a=1\nx'=a-x\n", tmp_path).states == ("x",)


def test_endings_tell_the_language(tmp_path):
    with pytest.raises(ModelError, match="no model file that is known"):
        Problem.from_file(tmp_path / "model.txt")
    with pytest.raises(FileNotFoundError):
        Problem.from_file(tmp_path / "missing.ode")


def test_algebraic_equations_are_constraints(tmp_path):
    """In a file, constraints and what they determine are matched in order; both have as many."""
    text = "par a=2\nv'=j-i\nj'=a-v\n0=i-w\n0=w-(v^3/3-v)\nsolve i=0.5,w=.5\naux s=i+j\n"
    made = problem_of(text, tmp_path)
    assert made.states == ("v", "j", "i", "w")
    assert made.model.start == {"v": 0.0, "j": 0.0, "i": 0.5, "w": 0.5}
    np.testing.assert_array_equal(made.mass.matrix, np.diag([1.0, 1, 0, 0]))
    branch = trace(made, made.solve({"v": 2.0, "j": 0.6, "i": 0.6, "w": 0.6}), "a", (0.5, 2))
    assert abs(branch["HB1"]["a"] - 1) < 1e-10


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("0=a-x", "m.ode:3: 1 equations 0 = ... and 0 unknowns"),
        ("solve y", "m.ode:3: 0 equations 0 = ... and 1 unknowns"),
        ("0=y-x\nsolve y,z", "m.ode:3: 1 equations 0 = ... and 2 unknowns"),
        ("0=y-q\nsolve y", "m.ode:3: unknown name 'q'"),
    ],
)
def test_constraints_that_do_not_fit_their_unknowns(lines, words):
    with pytest.raises(ModelError, match=f"^{words}"):
        described(f"par a=1\nx'=a-x\n{lines}\n")


def test_constraints_are_converted():
    text = write_toml(described("x'=y\n0=y*(1-y^2)-x\nsolve y=1\n"))
    assert "[mass]\ny = 0.0\n" in text
