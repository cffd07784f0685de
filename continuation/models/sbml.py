"""SBML and Antimony files to descriptions, by libsbml and antimony (the extra ``[sbml]``).

A species stands for its concentration (its amount where it has only substance units); its rate is the sum of the
reactions' rates times stoichiometry, over the size of its compartment.  Local parameters are named after their
reaction.
"""

import importlib
import re

from continuation.expressions.errors import ExpressionError
from continuation.expressions.graph import Graph
from continuation.expressions.naming import declare_names
from continuation.expressions.reading.definitions import Scope, read_heads
from continuation.expressions.reading.parsing import parse
from continuation.models.description import Description, ModelError

# What formulas may call beyond our own words, defined where it is called.
HELPERS = {
    "root": ("root(n, x)", "x**(1/n)"),
    "sqr": ("sqr(x)", "x**2"),
    "factorial": ("factorial(x)", "gamma(x + 1)"),
    "sec": ("sec(x)", "1/cos(x)"),
    "csc": ("csc(x)", "1/sin(x)"),
    "cot": ("cot(x)", "1/tan(x)"),
    "xor": ("xor(a, b)", "(a != 0) != (b != 0)"),
    "quotient": ("quotient(a, b)", "floor(a/b)"),
    "rem": ("rem(a, b)", "mod(a, b)"),
    "avogadro": ("avogadro", "6.02214076e23"),
    "exponentiale": ("exponentiale", "exp(1)"),
    "true": ("true", "1"),
    "false": ("false", "0"),
}
REFUSED = {"delay": "a delay: its equations have a past", "rateOf": "a rate of change (rateOf)"}


def library(name: str, path):
    """A library that the extra ``[sbml]`` installs; says so where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ModelError(f"{path}: reading it needs {name}: pip install 'pseudoarc[sbml]'") from None


def read_antimony(path, text: str, name: str) -> Description:
    """Read Antimony by way of SBML."""
    antimony = library("antimony", path)
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise ModelError(f"{path}: {' '.join(antimony.getLastError().split())}")
    return read_sbml(path, antimony.getSBMLString(antimony.getMainModuleName()), name)


def read_sbml(path, text: str, name: str) -> Description:
    """Read SBML of levels 1 to 3.

    Raises
    ------
    ModelError
        The library is missing, the file has errors, or the model has what equilibria have not: events, delays,
        algebraic rules, compartments whose size changes.
    """
    libsbml = library("libsbml", path)
    document = libsbml.readSBMLFromString(text)
    for k in range(document.getNumErrors()):
        error = document.getError(k)
        units = error.getCategory() == libsbml.LIBSBML_CAT_UNITS_CONSISTENCY
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR and not units:
            raise ModelError(f"{path}:{error.getLine()}: {' '.join(error.getMessage().split())[:200]}")
    if document.getModel() is None:
        raise ModelError(f"{path}: holds no model")
    return Reader(path, libsbml, document.getModel(), name).description


class Reader:
    """Goes through a model's lists."""

    def __init__(self, path, libsbml, model, name):
        self.path, self.libsbml, self.model = path, libsbml, model
        self.description = Description(name, title=model.getName() or "")
        self.values: dict = {}  # identifier -> number
        self.initial: dict = {}  # identifier -> formula of an initial assignment
        self.rates: dict = {}  # identifier of a species or another variable -> terms
        self.rules: dict = {}  # identifier -> formula of an assignment rule
        self.uses: set = set()  # identifiers in formulas
        self.refuse_what_is_not_read()
        self.read_functions()
        self.read_values()
        self.read_rules()
        self.read_reactions()
        self.assemble()

    def fail(self, problem):
        """Refuse the model."""
        raise ModelError(f"{self.path}: {problem}")

    def refuse_what_is_not_read(self):
        """Events and the like."""
        model = self.model
        if model.getNumEvents():
            event = model.getEvent(0)
            self.fail(f"event {event.getId() or event.getName() or 1}: a jump at an event, which equilibria have not")
        if model.getNumConstraints():
            self.description.notes.append("its constraints are not looked at")

    # Formulas

    def formula(self, node, local=None) -> str:
        """A formula in our words; `local` renames local parameters."""
        if node is None:
            self.fail("a formula is missing")
        node = node.deepCopy()
        for old, new in (local or {}).items():
            node.renameSIdRefs(old, new)
        self.prepare(node)
        text = self.libsbml.formulaToL3String(node)
        for word in set(re.findall(r"[A-Za-z_]\w*", text)):
            if word in REFUSED and not self.model.getElementBySId(word):
                self.fail(f"{word}(...) is {REFUSED[word]}, which is not read")
            self.uses.add(word)
            if word in HELPERS and not self.model.getElementBySId(word):
                head, body = HELPERS[word]
                self.description.definitions[head] = body
        return text

    def prepare(self, node):
        """Name the time, and other logarithms than those to base 10, as ours."""
        if node.getType() == self.libsbml.AST_NAME_TIME:
            node.setType(self.libsbml.AST_NAME)
            node.setName("t")
        elif node.isName():
            node.setName(self.sayable(node.getName()))
        for k in range(node.getNumChildren()):
            self.prepare(node.getChild(k))

    def sayable(self, word: str) -> str:
        """An identifier, with an underscore behind it where ours may not be so."""
        try:
            declare_names([word], "name", {})
        except ValueError:
            return f"{word}_"
        return word

    # Lists

    def read_functions(self):
        """Function definitions."""
        for k in range(self.model.getNumFunctionDefinitions()):
            function = self.model.getFunctionDefinition(k)
            arguments = ", ".join(
                self.sayable(function.getArgument(j).getName()) for j in range(function.getNumArguments())
            )
            self.description.definitions[f"{function.getId()}({arguments})"] = self.formula(function.getBody())

    def read_values(self):
        """Sizes of compartments, amounts of species, values of parameters, initial assignments."""
        model = self.model
        for k in range(model.getNumCompartments()):
            one = model.getCompartment(k)
            self.values[one.getId()] = one.getSize() if one.isSetSize() else 1.0
        for k in range(model.getNumSpecies()):
            one = model.getSpecies(k)
            self.values[one.getId()] = self.initial_value(one)
        for k in range(model.getNumParameters()):
            one = model.getParameter(k)
            self.values[one.getId()] = one.getValue() if one.isSetValue() else 0.0
        for k in range(model.getNumInitialAssignments()):
            one = model.getInitialAssignment(k)
            self.initial[one.getSymbol()] = self.formula(one.getMath())

    def initial_value(self, species) -> float:
        """What the symbol of a species stands for at first: an amount or a concentration."""
        size = self.values.get(species.getCompartment(), 1.0)
        if species.getHasOnlySubstanceUnits():
            amount = species.getInitialAmount() if species.isSetInitialAmount() else None
            return amount if amount is not None else self.given(species, "Concentration") * size
        if species.isSetInitialConcentration():
            return species.getInitialConcentration()
        return self.given(species, "Amount") / size if size else 0.0

    @staticmethod
    def given(species, what) -> float:
        """An initial amount or concentration, 0 where there is none."""
        return getattr(species, f"getInitial{what}")() if getattr(species, f"isSetInitial{what}")() else 0.0

    def read_rules(self):
        """Assignment and rate rules."""
        for k in range(self.model.getNumRules()):
            rule = self.model.getRule(k)
            if rule.isAlgebraic():
                self.fail("an algebraic rule: only differential equations are read")
            if self.model.getCompartment(rule.getVariable()) is not None:
                self.fail(f"the size of compartment {rule.getVariable()} changes, which is not read")
            text = self.formula(rule.getMath())
            if rule.isRate():
                self.rates[rule.getVariable()] = [text]
            else:
                self.rules[rule.getVariable()] = text

    def read_reactions(self):
        """Reactions: their rates, and what they do to each species."""
        for k in range(self.model.getNumReactions()):
            reaction = self.model.getReaction(k)
            law, local = reaction.getKineticLaw(), {}
            if law is None:
                self.fail(f"reaction {reaction.getId()} has no kinetic law")
            for j in range(law.getNumParameters()):
                one = law.getParameter(j)
                local[one.getId()] = f"{reaction.getId()}_{one.getId()}"
                self.values[local[one.getId()]] = one.getValue()
            rate = self.sayable(reaction.getId())
            self.description.definitions[rate] = self.formula(law.getMath(), local)
            for sign, count, get in (
                (-1.0, reaction.getNumReactants(), reaction.getReactant),
                (1.0, reaction.getNumProducts(), reaction.getProduct),
            ):
                for j in range(count):
                    self.add_term(rate, sign, get(j))

    def add_term(self, rate, sign, reference):
        """What a reaction gives to or takes from a species."""
        species = self.model.getSpecies(reference.getSpecies())
        if reference.isSetStoichiometryMath():
            self.fail(f"the stoichiometry of {reference.getSpecies()} is a formula, which is not read")
        if species.getBoundaryCondition() or species.getConstant():
            return
        factor = sign * (reference.getStoichiometry() if reference.isSetStoichiometry() else 1.0)
        size = "" if species.getHasOnlySubstanceUnits() else f"/{self.sayable(species.getCompartment())}"
        if size:
            self.uses.add(self.sayable(species.getCompartment()))
        words = f"{rate}{size}" if abs(factor) == 1 else f"{abs(factor)!r}*{rate}{size}"
        self.rates.setdefault(species.getId(), []).append(f"{'-' if factor < 0 else '+'} {words}")

    # Together

    def assemble(self):
        """Equations of what changes, definitions of what is given by rules, parameters of the rest."""
        described = self.description
        for name, terms in self.rates.items():
            text = " ".join(terms)
            described.equations[self.sayable(name)] = text.removeprefix("+ ")
        for name, text in self.rules.items():
            described.definitions[self.sayable(name)] = text
        if not described.equations:
            self.fail("nothing in it changes: no reaction and no rate rule")
        fixed = [name for name in self.values if name not in self.rates and name not in self.rules]
        numbers = self.initial_numbers()
        described.start = {self.sayable(name): numbers[name] for name in self.rates}
        described.parameters = {self.sayable(name): numbers[name] for name in fixed if self.sayable(name) in self.uses}
        if "t" in self.uses and "t" not in described.parameters and "t" not in described.definitions:
            described.parameters["t"] = 0.0
            described.notes.append("the time is a parameter t, 0: the equations are looked at as they are then")
        described.vary = next(iter(described.parameters), None)

    def initial_numbers(self) -> dict:
        """Numbers of all identifiers at first: initial assignments and rules worked out."""
        graph = Graph()
        given = {self.sayable(name): text for name, text in {**self.rules, **self.initial}.items()}
        helpers = {head: text for head, text in self.description.definitions.items() if head not in given}
        known = {self.sayable(name): graph.number(value) for name, value in self.values.items()}
        known = {name: node for name, node in known.items() if name not in given}
        try:
            scope = Scope(graph, {**known, "t": graph.number(0.0)}, read_heads({**helpers, **given}))
            words = {name: graph.value(parse(self.sayable(name), graph, scope.names)) for name in self.values}
        except ExpressionError as error:
            self.fail(f"initial values: {error.summary}")
        return {name: value if value is not None else self.values[name] for name, value in words.items()}
