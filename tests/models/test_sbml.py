"""SBML and Antimony: what their words mean, against equations written by hand."""

import sys

import numpy as np
import pytest

from continuation import Problem
from continuation.models.description import ModelError

pytest.importorskip("libsbml")

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="m" name="A test">
<listOfFunctionDefinitions><functionDefinition id="sat"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda>
<bvar><ci>s</ci></bvar><bvar><ci>k</ci></bvar>
<apply><divide/><ci>s</ci><apply><plus/><ci>s</ci><ci>k</ci></apply></apply></lambda></math></functionDefinition>
</listOfFunctionDefinitions>
<listOfCompartments><compartment id="cell" size="2"/></listOfCompartments>
<listOfSpecies>
<species id="A" compartment="cell" initialConcentration="0.5"/>
<species id="B" compartment="cell" initialAmount="3"/>
<species id="N" compartment="cell" initialAmount="4" hasOnlySubstanceUnits="true"/>
<species id="pool" compartment="cell" initialConcentration="7" boundaryCondition="true"/>
</listOfSpecies>
<listOfParameters>
<parameter id="k" value="3"/><parameter id="twice" constant="false"/><parameter id="z" value="1" constant="false"/>
<parameter id="derived" value="0"/>
</listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="derived"><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><times/><cn>5</cn><ci>k</ci></apply></math></initialAssignment></listOfInitialAssignments>
<listOfRules>
<assignmentRule variable="twice"><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><times/><cn>2</cn><ci>A</ci></apply></math></assignmentRule>
<rateRule variable="z"><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><minus/><ci>twice</ci><ci>z</ci></apply></math></rateRule>
</listOfRules>
<listOfReactions>
<reaction id="R1" reversible="false"><listOfReactants><speciesReference species="A" stoichiometry="2"/>
<speciesReference species="pool"/></listOfReactants>
<listOfProducts><speciesReference species="B"/><speciesReference species="N"/></listOfProducts>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>cell</ci><ci>k</ci>
<apply><ci>sat</ci><ci>A</ci><ci>pool</ci></apply></apply></math>
<listOfParameters><parameter id="k" value="11"/></listOfParameters></kineticLaw></reaction>
<reaction id="R2" reversible="false"><listOfReactants><speciesReference species="B"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>derived</ci><ci>B</ci>
<apply><power/><ci>N</ci><cn type="integer">-1</cn></apply></apply></math></kineticLaw></reaction>
</listOfReactions></model></sbml>
"""
ANTIMONY = """\
model m()
  compartment cell = 2; species A in cell, B in cell; A = 0.5; B = 1.5; $pool in cell; pool = 7; k = 11;
  R1: 2 A + $pool -> B; cell*k*A/(A + pool);
  R2: B -> ; B*d;  d = 3;
end
"""


def write(folder, name, text):
    file = folder / name
    file.write_text(text)
    return file


def test_concentrations_amounts_rules_and_local_parameters(tmp_path):
    problem = Problem.from_file(write(tmp_path, "m.xml", MODEL))
    model, u = problem.model, {"A": 0.7, "B": 1.1, "N": 5.0, "z": 0.2}
    assert model.title == "A test"
    assert {name: model.start[name] for name in ("A", "B", "N", "z")} == {"A": 0.5, "B": 1.5, "N": 4.0, "z": 1.0}
    assert {name: model.parameters[name] for name in ("cell", "pool", "R1_k", "derived")} == {
        "cell": 2.0,
        "pool": 7.0,
        "R1_k": 11.0,
        "derived": 15.0,
    }
    first, second = 2 * 11 * 0.7 / (0.7 + 7), 15 * 1.1 / 5
    rates = {"A": -2 * first / 2, "B": (first - second) / 2, "N": first, "z": 2 * 0.7 - 0.2}
    assert problem.states == ("z", "B", "N")
    (note,) = model.notes
    assert note.startswith("A + N is conserved at these parameters: T1, a parameter, is its value")
    assert problem.parameters["T1"] == 4.5  # of the start: 0.5 + 4
    whole = problem.base
    np.testing.assert_allclose(whole.residual(u), [rates[name] for name in whole.states], rtol=1e-14)


def test_stoichiometry_by_a_formula_of_level_2(tmp_path):
    old = '<speciesReference species="A" stoichiometry="2"/>'
    new = (
        '<speciesReference species="A"><stoichiometryMath><math xmlns="http://www.w3.org/1998/Math/MathML">'
        "<apply><plus/><ci>z</ci><cn>1</cn></apply></math></stoichiometryMath></speciesReference>"
    )
    assert old in MODEL
    problem = Problem.from_file(write(tmp_path, "m.xml", MODEL.replace(old, new)))
    rate = 2 * 11 * 0.7 / (0.7 + 7)
    found = problem.residual({"A": 0.7, "B": 1.1, "N": 5.0, "z": 0.2})
    np.testing.assert_allclose(found[problem.states.index("A")], -1.2 * rate / 2, rtol=1e-14)


def test_antimony_says_the_same(tmp_path):
    pytest.importorskip("antimony")
    problem = Problem.from_file(write(tmp_path, "m.ant", ANTIMONY))
    rates = {"A": -2 * 11 * 0.7 / 7.7, "B": (2 * 11 * 0.7 / 7.7 - 3 * 1.1) / 2}
    np.testing.assert_allclose(
        problem.residual({"A": 0.7, "B": 1.1}), [rates[name] for name in problem.states], rtol=1e-14
    )
    with pytest.raises(ModelError, match=r"m2.ant: .*line"):
        Problem.from_file(write(tmp_path, "m2.ant", "model m(\n  A -> ; k*\nend"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</listOfReactions>", "</listOfReactions><listOfEvents><event id='e'/></listOfEvents>", "event e"),
        ('level="2" version="4"><model', 'level="2" version="4"><modell', "m.xml:"),
    ],
)
def test_what_equilibria_have_not_is_refused_by_name(tmp_path, old, new, words):
    text = MODEL.replace(old, new, 1)
    with pytest.raises(ModelError, match=words):
        Problem.from_file(write(tmp_path, "m.xml", text))


def test_without_the_libraries_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "libsbml", None)
    with pytest.raises(ModelError, match=r"pip install 'pseudoarc\[sbml\]'"):
        Problem.from_file(write(tmp_path, "m.xml", MODEL))
