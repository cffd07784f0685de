"""What stands in the lists of an SBML model is honoured, or refused by its name and line."""

import numpy as np
import pytest

from continuation import Problem
from continuation.models.description import ModelError

libsbml = pytest.importorskip("libsbml")

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"'
)


def math(formula):
    text = libsbml.writeMathMLToString(libsbml.parseL3Formula(formula))
    return "".join(text[text.index("<math") :].splitlines())


def listed(name, items):
    return f"<listOf{name}>{''.join(items)}</listOf{name}>" if items else ""


def species(name, more='initialConcentration="1"', only="false", boundary="false"):
    return (
        f'<species id="{name}" compartment="c" hasOnlySubstanceUnits="{only}" boundaryCondition="{boundary}" '
        f'constant="false" {more}/>'
    )


def parameter(name, value=None, constant="true"):
    return f'<parameter id="{name}" constant="{constant}"' + (f' value="{value}"/>' if value is not None else "/>")


def reference(name, more='stoichiometry="1"'):
    return f'<speciesReference species="{name}" constant="true" {more}/>'


def reaction(name, formula, reactants=(), products=(), local=(), fast="false"):
    parameters = "".join(f'<localParameter id="{key}" value="{value}"/>' for key, value in local)
    law = f"<kineticLaw>{math(formula)}{listed('LocalParameters', [parameters] if local else [])}</kineticLaw>"
    return (
        f'<reaction id="{name}" reversible="false" fast="{fast}">{listed("Reactants", reactants)}'
        f"{listed('Products', products)}{law}</reaction>"
    )


def assigned(name, formula):
    return f'<initialAssignment symbol="{name}">{math(formula)}</initialAssignment>'


def rule(name, formula, kind="assignment"):
    return f'<{kind}Rule variable="{name}">{math(formula)}</{kind}Rule>'


def model(all_species, parameters=(), reactions=(), rules=(), initial=(), more="", size='size="2"', package=""):
    """Text of a model; each list on its own line, from line 2 on."""
    return "\n".join(
        [
            f'{HEAD} {package}><model id="m" {more}>',
            f'<listOfCompartments><compartment id="c" constant="true" {size}/></listOfCompartments>',
            listed("Species", all_species),
            listed("Parameters", parameters),
            listed("InitialAssignments", initial),
            listed("Rules", rules),
            listed("Reactions", reactions),
            "</model></sbml>",
        ]
    )


@pytest.fixture
def read(tmp_path):
    def read(text):
        file = tmp_path / "m.xml"
        file.write_text(text)
        return Problem.from_file(file)

    return read


def test_conversion_factors_of_species_go_before_that_of_the_model(read):
    problem = read(
        model(
            [species("A", 'initialConcentration="1" conversionFactor="f"'), species("B"), species("D")],
            [parameter("k", 3), parameter("f", 10), parameter("g", 100)],
            [reaction("R", "k*A*D", [reference("A")], [reference("B")]), reaction("S", "-D", [], [reference("D")])],
            more='conversionFactor="g"',
        )
    )
    np.testing.assert_allclose(problem.base.residual([2.0, 5.0, 7.0]), [-10 * 42 / 2, 100 * 42 / 2, -100 * 7 / 2])


def test_a_fast_reaction_is_refused(read):
    with pytest.raises(ModelError, match=r"m.xml:7: reaction R is fast"):
        read(model([species("A")], [], [reaction("R", "A", [reference("A")], fast="true")]))


@pytest.mark.parametrize("how", ["rule", "initial"])
def test_stoichiometry_that_is_assigned(read, how):
    problem = read(
        model(
            [species("A")],
            [parameter("k", 3)],
            [reaction("R", "k*A", [reference("A", 'id="n"')])],
            [rule("n", "k + 1")] if how == "rule" else [],
            [assigned("n", "k + 1")] if how == "initial" else [],
        )
    )
    np.testing.assert_allclose(problem.residual([5.0]), [-4 * 3 * 5 / 2])
    np.testing.assert_allclose(problem.residual([5.0], {"k": 1.0}), [(-2 if how == "rule" else -4) * 5 / 2])


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_reactions_does_not_matter(read, order):
    reactions = [
        reaction("R", "k*A", [reference("A", 'id="n" stoichiometry="2"')]),
        reaction("S", "n*B", [reference("B")], [reference("D", 'id="q" stoichiometry="3"')]),
        reaction("T", "D/q", [reference("D")]),
    ]
    names = [species("A"), species("B"), species("D")]
    problem = read(model(names, [parameter("k", 5)], reactions[::order]))
    assert problem.parameters == {"c": 2.0, "k": 5.0, "n": 2.0, "q": 3.0}
    a, b, d = 0.7, 1.1, 2.0
    expected = {"A": -2 * 5 * a / 2, "B": -2 * b / 2, "D": (3 * 2 * b - d / 3) / 2}
    state = {"A": a, "B": b, "D": d}
    found = problem.residual([state[name] for name in problem.states])
    np.testing.assert_allclose(found, [expected[name] for name in problem.states])


def test_what_has_no_value_is_refused_or_said(read):
    uses_k = reaction("R", "k*A", [reference("A")])
    with pytest.raises(ModelError, match=r"m.xml:4: k has no value"):
        read(model([species("A")], [parameter("k")], [uses_k]))
    with pytest.raises(ModelError, match=r"m.xml:4: the value of k is nan"):
        read(model([species("A")], [parameter("k", "NaN")], [uses_k]))
    with pytest.raises(ModelError, match=r"m.xml:7: reaction R: A has no stoichiometry"):
        read(model([species("A")], [parameter("k", 1)], [reaction("R", "k*A", [reference("A", "")])]))
    problem = read(model([species("A", "")], [parameter("k", 1), parameter("unused")], [uses_k], size=""))
    assert problem.model.notes == ("compartment c has no size: 1 is taken", "A has no initial value: 0 is taken")


def test_a_size_that_is_assigned_makes_the_concentrations(read):
    problem = read(
        model(
            [species("A", 'initialAmount="12"'), species("B", 'initialConcentration="5"', only="true")],
            [parameter("k", 3)],
            [reaction("R", "A*B*k", [reference("A"), reference("B")])],
            initial=[assigned("c", "k + 1")],
        )
    )
    assert problem.model.start == {"A": 3.0, "B": 20.0}
    assert problem.model.parameters["c"] == 4.0


def test_the_time_and_a_name_t_are_two(read):
    problem = read(model([species("A")], [parameter("t", 3)], [reaction("R", "A*t + time", [reference("A")])]))
    assert problem.model.parameters == {"c": 2.0, "t": 3.0, "time": 0.0}
    assert problem.residual([5.0], {"time": 100.0}) == [-115 / 2]


def test_local_parameters_and_names_that_look_like_them_are_two(read):
    problem = read(
        model(
            [species("A")],
            [parameter("R_k", 100), parameter("is", 7), parameter("max", 4)],
            [reaction("R", "k*A + R_k + piecewise(is, is > max, max)", [reference("A")], local=[("k", 3)])],
        )
    )
    assert problem.model.parameters == {"c": 2.0, "R_k": 100.0, "is_": 7.0, "max": 4.0, "R_k_": 3.0}
    assert problem.residual([5.0]) == [-(15 + 100 + 7) / 2]
    assert problem.model.notes == ("is is called is_",)


def test_a_name_that_is_a_word_of_the_formula_gets_an_underscore(read):
    text = model([species("A")], [parameter("gamma", 3)], [reaction("R", "gamma*factorial(A)", [reference("A")])])
    problem = read(text)
    assert problem.model.parameters == {"c": 2.0, "gamma_": 3.0}
    assert problem.residual([4.0]) == [-3 * 24 / 2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reactions": [reaction("R", "A", [reference("X")])]}, "m.xml:7: reaction R: no species is called 'X'"),
        ({"reactions": [reaction("R", "A*q", [reference("A")])]}, "m.xml:7: reaction R: unknown name 'q'"),
        ({"rules": [rule("q", "A")]}, "m.xml:6: rule: no element is called 'q'"),
        ({"initial": [assigned("q", "2")]}, "m.xml:5: initial assignment of q: no element is called 'q'"),
        ({"all_species": [species("A"), species("A")]}, "m.xml:3: .*'A' conflicts with"),
        ({"all_species": [species("A", 'conversionFactor="q"')]}, "conversion factor: no element is called 'q'"),
        ({"reactions": [reaction("R", "delay(A, 3)", [reference("A")])]}, "m.xml:7: reaction R: a delay"),
        ({"reactions": [reaction("R", "A/(1 - 1)", [reference("A")])]}, "m.xml:7: definition 'R'.*division by zero"),
        ({"rules": [rule("A", "A + q", "rate")]}, "m.xml:6: rule for A: unknown name .q."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(read, changed, words):
    usual = {"all_species": [species("A")], "reactions": [reaction("R", "A", [reference("A")])]}
    with pytest.raises(ModelError, match=words):
        read(model(**{**usual, **changed}))


def test_packages_that_must_be_understood(read):
    one = {"all_species": [species("A")], "reactions": [reaction("R", "A", [reference("A")])]}
    qual = 'xmlns:qual="http://www.sbml.org/sbml/level3/version1/qual/version1" qual:required="true"'
    with pytest.raises(ModelError, match="the package qual of SBML, which it needs, is not read"):
        read(model(**one, package=qual))
    strange = 'xmlns:odd="http://www.sbml.org/sbml/level3/version1/odd/version1" odd:required="true"'
    with pytest.raises(ModelError, match="odd"):
        read(model(**one, package=strange))


def test_models_of_models_are_put_together(read):
    package = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'
    inner = model([species("A")], [parameter("k", 3)], [reaction("R", "k*A", [reference("A")])]).splitlines()[1:-1]
    text = "\n".join(
        [
            f'{HEAD} {package}><model id="m"><comp:listOfSubmodels>',
            '<comp:submodel comp:id="s1" comp:modelRef="part"/><comp:submodel comp:id="s2" comp:modelRef="part"/>',
            "</comp:listOfSubmodels></model><comp:listOfModelDefinitions>",
            '<comp:modelDefinition id="part">',
            *inner,
            "</comp:modelDefinition></comp:listOfModelDefinitions></sbml>",
        ]
    )
    problem = read(text)
    assert problem.states == ("s1__A", "s2__A")
    np.testing.assert_allclose(problem.residual([1.0, 2.0], {"s2__k": 5.0}), [-3 / 2, -10 / 2])


def constraint(formula):
    return f"<algebraicRule>{math(formula)}</algebraicRule>"


def test_algebraic_rules_are_constraints(read):
    """A fast dimer: ``A + 2 D`` is the total, ``D = K A**2``; which rule is for which name is found out."""
    text = model(
        [species("T", 'initialConcentration="3"'), species("A"), species("D")],
        [parameter("K", 2.0), parameter("k", 0.5), parameter("total", 1.0, "false")],
        [reaction("r", "k*c*(1.5 - total)", products=[reference("T")])],
        [constraint("A + 2*D - total"), constraint("D - K*A^2"), rule("total", "T")],
    )
    problem = read(text)
    assert problem.states == ("T", "A", "D")
    assert problem.mass.rank == 1
    point = problem.solve(problem.model.start)
    np.testing.assert_allclose(point.state, [1.5, 0.5, 0.5], rtol=1e-12)
    assert point.unstable == 0


def test_algebraic_rules_that_determine_nothing_are_refused(read):
    text = model([species("A")], [parameter("k", 0.5)], [reaction("r", "k*A", [reference("A")])], [constraint("A - k")])
    with pytest.raises(ModelError, match=r":\d+: an algebraic rule: nothing in it is left for it to determine"):
        read(text)
