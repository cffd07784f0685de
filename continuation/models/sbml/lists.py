"""The lists of an SBML model, one after the other, to a description."""

from collections.abc import Mapping
from types import MappingProxyType

from continuation.models.description import Description, ModelError
from continuation.models.pieces import ATOM, PRODUCT, at_least, joined
from continuation.models.sbml.algebraic import determined_by
from continuation.models.sbml.first_values import first_numbers
from continuation.models.sbml.mathml import FormulaRefused, MathWriter
from continuation.models.spelling import sayable

NONE_HIDDEN: Mapping = MappingProxyType({})


class ListReader:
    """Goes through a model's lists; ``has_lines``: lines of elements are those of the file."""

    def __init__(self, path, libsbml, model, name, has_lines):
        self.path, self.model, self.has_lines = path, model, has_lines
        self.description = Description(name, title=model.getName() or "")
        self.writer = MathWriter(libsbml, self.say, self.say_time)
        self.names: dict = {}  # identifier -> as it is said
        self.values: dict = {}  # identifier -> number, None where none is given
        self.elements: dict = {}  # identifier -> element that has it
        self.initial: dict = {}  # identifier -> formula of an initial assignment
        self.rates: dict = {}  # identifier of what changes -> terms
        self.rules: dict = {}  # identifier -> formula of an assignment rule
        self.algebraic: list = []  # (rule, formula) of algebraic rules
        self.uses: set = set()  # names in formulas, as they are said
        self.time = ""  # what the time is called, where it is used
        self.refuse_what_is_not_read()
        self.declare()
        self.read_functions()
        self.read_values()
        self.read_initial_assignments()
        self.read_rules()
        self.read_reactions()
        self.read_algebraic_rules()
        self.assemble()

    def fail(self, element, problem):
        """Refuse the model at an element."""
        line = f"{element.getLine()}:" if element is not None and self.has_lines else ""
        raise ModelError(f"{self.path}:{line} {problem}")

    def note_line(self, label: str, element):
        """Remember where an expression stands."""
        if self.has_lines:
            self.description.lines.setdefault(label, element.getLine())

    def refuse_what_is_not_read(self):
        """Events and the like."""
        model = self.model
        if model.getNumEvents():
            event = model.getEvent(0)
            name = event.getId() or event.getName() or 1
            self.fail(event, f"event {name}: a jump at an event, which equilibria have not")
        if model.getNumConstraints():
            self.description.notes.append("its constraints are not looked at")

    # Names

    def declare(self):
        """Say each identifier: not as a word of ours, not as another."""
        model = self.model
        lists = (
            model.getListOfCompartments(),
            model.getListOfSpecies(),
            model.getListOfParameters(),
            model.getListOfFunctionDefinitions(),
            model.getListOfReactions(),
        )
        reactions = model.getListOfReactions()
        references = [one for r in reactions for one in (*r.getListOfReactants(), *r.getListOfProducts())]
        elements = [one for some in lists for one in some] + [one for one in references if one.getId()]
        words = set().union(*(self.writer.words_in(node) for node in formulas(model)))
        for one in elements:
            said = sayable(one.getId(), {*self.names.values(), *words})
            if said != one.getId():
                self.description.notes.append(f"{one.getId()} is called {said}")
            self.names[one.getId()], self.elements[one.getId()] = said, one

    def say(self, identifier: str) -> str:
        """How an identifier of the model is said."""
        if identifier not in self.names:
            raise FormulaRefused(f"unknown name {identifier!r}")
        self.uses.add(self.names[identifier])
        return self.names[identifier]

    def say_time(self) -> str:
        """How the time is said."""
        if not self.time:
            free = [word for word in ("t", "time") if word not in self.names.values()]
            self.time = free[0] if free else sayable("time", self.names.values())
        return self.time

    def known(self, element, identifier: str, what: str):
        """The element of an identifier, which `element` is about; refused where there is none."""
        if identifier not in self.names:
            self.fail(element, f"{what}: no element is called {identifier!r}")
        return self.elements[identifier]

    # Formulas

    def formula(self, element, what: str, node=None, local: Mapping = NONE_HIDDEN) -> tuple:
        """The formula of an element in our words, and how tightly it binds; `local` are names that hide others."""
        node = element.getMath() if node is None else node
        if node is None:
            self.fail(element, f"{what}: its formula is missing")
        try:
            return self.writer.piece(node, local)
        except FormulaRefused as error:
            self.fail(element, f"{what}: {error}")
        except RecursionError:
            self.fail(element, f"{what}: its formula is nested too deeply")

    # Lists

    def read_functions(self):
        """Function definitions."""
        for function in self.model.getListOfFunctionDefinitions():
            name = function.getId()
            count = function.getNumArguments() if function.getMath() is not None else 0
            arguments = [function.getArgument(k).getName() for k in range(count)]
            local, words = {}, self.writer.words_in(function.getMath()) if count else set()
            for argument in arguments:
                local[argument] = sayable(argument, {*local.values(), *words})
            what = f"function {name}"
            body, _ = self.formula(function, what, function.getBody(), local)
            head = f"{self.names[name]}({', '.join(local.values())})" if local else self.names[name]
            self.description.definitions[head] = body
            self.note_line(f"definition {head!r}", function)

    def read_values(self):
        """Sizes of compartments, values of parameters, amounts or concentrations of species."""
        for one in self.model.getListOfCompartments():
            self.values[one.getId()] = one.getSize() if one.isSetSize() else None
        for one in self.model.getListOfParameters():
            self.values[one.getId()] = one.getValue() if one.isSetValue() else None
        for one in self.model.getListOfSpecies():
            self.known(one, one.getCompartment(), f"species {one.getId()}: its compartment")
            self.values[one.getId()] = None

    def read_initial_assignments(self):
        """Initial assignments, and what species begin with, as formulas of the sizes of their compartments."""
        for one in self.model.getListOfInitialAssignments():
            what = f"initial assignment of {one.getSymbol()}"
            self.known(one, one.getSymbol(), what)
            self.initial[one.getSymbol()], _ = self.formula(one, what)
        for one in self.model.getListOfSpecies():
            if one.getId() not in self.initial:
                self.read_first_value(one)

    def read_first_value(self, species):
        """What the symbol of a species stands for at first: an amount or a concentration."""
        name, place = species.getId(), self.names[species.getCompartment()]
        in_amounts = species.getHasOnlySubstanceUnits()
        if species.isSetInitialAmount():
            given, sign = species.getInitialAmount(), "" if in_amounts else "/"
        elif species.isSetInitialConcentration():
            given, sign = species.getInitialConcentration(), "*" if in_amounts else ""
        else:
            return
        if not sign:
            self.values[name] = given
        else:
            self.initial[name] = f"{given!r}{sign}{place}"

    def read_rules(self):
        """Assignment and rate rules."""
        for rule in self.model.getListOfRules():
            name = rule.getVariable()
            if rule.isAlgebraic():
                self.algebraic.append((rule, self.formula(rule, "an algebraic rule")[0]))
                continue
            self.known(rule, name, "rule")
            if self.model.getCompartment(name) is not None:
                self.fail(rule, f"the size of compartment {name} changes, which is not read")
            text, _ = self.formula(rule, f"rule for {name}")
            if rule.isRate():
                self.rates[name] = [text]
                self.note_line(f"equation {self.names[name]!r}", rule)
            else:
                self.rules[name] = text
                self.note_line(f"definition {self.names[name]!r}", rule)

    def read_reactions(self):
        """Reactions: their rates, and what they do to each species.

        What any formula uses must be known before terms are made, whatever the order of the reactions: a stoichiometry
        that one of them calls by its name is a parameter.
        """
        reactions = list(self.model.getListOfReactions())
        sides = [
            (reaction, sign, reference)
            for reaction in reactions
            for sign, references in ((-1.0, reaction.getListOfReactants()), (1.0, reaction.getListOfProducts()))
            for reference in references
        ]
        for reaction in reactions:
            self.read_rate(reaction)
        for reaction, _, reference in sides:
            if reference.isSetStoichiometryMath():
                self.stoichiometry(reference, f"reaction {reaction.getId()}")
        for reaction, sign, reference in sides:
            self.add_term(reaction, sign, reference)

    def read_rate(self, reaction):
        """The rate of a reaction, a definition that is called like it."""
        law, local, name = reaction.getKineticLaw(), {}, reaction.getId()
        if law is None:
            self.fail(reaction, f"reaction {name} has no kinetic law")
        if reaction.isSetFast() and reaction.getFast():
            self.fail(reaction, f"reaction {name} is fast, always at its equilibrium, which is not read")
        for one in [law.getParameter(k) for k in range(law.getNumParameters())]:
            said = sayable(f"{name}_{one.getId()}", self.names.values())
            local[one.getId()] = self.names[f"{name} {one.getId()}"] = said  # no identifier has a blank
            self.values[f"{name} {one.getId()}"] = one.getValue() if one.isSetValue() else None
            self.elements[f"{name} {one.getId()}"] = one
        text, _ = self.formula(law, f"reaction {name}", local=local)
        self.uses.update(local.values())
        self.description.definitions[self.names[name]] = text
        self.note_line(f"definition {self.names[name]!r}", law)

    def add_term(self, reaction, sign, reference):
        """What a reaction gives to or takes from a species."""
        name, what = reference.getSpecies(), f"reaction {reaction.getId()}"
        if self.model.getSpecies(name) is None:
            self.fail(reference, f"{what}: no species is called {name!r}")
        species = self.model.getSpecies(name)
        if species.getBoundaryCondition() or species.getConstant():
            return
        factor = self.stoichiometry(reference, what)
        piece = self.names[reaction.getId()], ATOM
        if isinstance(factor, tuple):
            piece = joined("*", factor, piece)
        else:
            sign *= 1.0 if factor >= 0 else -1.0
            piece = piece if abs(factor) == 1 else joined("*", (repr(abs(factor)), ATOM), piece)
        if conversion := species.getConversionFactor() or self.model.getConversionFactor():
            self.known(species, conversion, f"species {name}: its conversion factor")
            piece = joined("*", piece, (self.say(conversion), ATOM))
        if not species.getHasOnlySubstanceUnits():
            piece = joined("/", piece, (self.say(species.getCompartment()), ATOM))
        self.rates.setdefault(name, []).append(f"{'-' if sign < 0 else '+'} {at_least(PRODUCT, piece)}")
        self.note_line(f"equation {self.names[name]!r}", reaction)

    def stoichiometry(self, reference, what: str):
        """A number, or a piece where a formula gives it."""
        name = reference.getId()
        if reference.isSetStoichiometryMath():
            return self.formula(reference.getStoichiometryMath(), f"{what}: the stoichiometry")
        if name and (name in self.initial or name in self.rules or name in self.rates or self.names[name] in self.uses):
            given = reference.isSetStoichiometry() or reference.getLevel() < 3
            self.values[name] = reference.getStoichiometry() if given else None
            return self.say(name), ATOM
        if not reference.isSetStoichiometry() and reference.getLevel() >= 3:  # 1 before level 3
            self.fail(reference, f"{what}: {reference.getSpecies()} has no stoichiometry")
        return reference.getStoichiometry() if reference.isSetStoichiometry() else 1.0

    def read_algebraic_rules(self):
        """Constraints ``0 = formula``, as equations of what they determine, whose derivatives have no mass."""
        for (rule, text), name in zip(self.algebraic, determined_by(self)):
            self.rates[name], self.description.mass[self.names[name]] = [text], 0.0
            self.note_line(f"equation {self.names[name]!r}", rule)

    # Together

    def assemble(self):
        """Equations of what changes, definitions of what is given by rules, parameters of the rest."""
        described = self.description
        for name, terms in self.rates.items():
            described.equations[self.names[name]] = " ".join(terms).removeprefix("+ ")
        for name, text in self.rules.items():
            described.definitions[self.names[name]] = text
        if not described.equations:
            self.fail(None, "nothing in it changes: no reaction and no rate rule")
        self.fill_what_is_missing()
        fixed = [name for name in self.values if name not in self.rates and name not in self.rules]
        numbers = first_numbers(self)
        described.start = {self.names[name]: numbers[name] for name in self.rates}
        used = [name for name in fixed if self.names[name] in self.uses]
        described.parameters = {self.names[name]: numbers[name] for name in used}
        if self.time:
            described.parameters[self.time] = 0.0
            described.notes.append(
                f"the time is a parameter {self.time}, 0: the equations are looked at as they are then"
            )
        described.vary = next(iter(described.parameters), None)

    def fill_what_is_missing(self):
        """Numbers that the file does not give: 1 for sizes and 0 for starts, which is said; others are refused."""
        for name, value in self.values.items():
            if value is not None or name in self.rules or name in self.initial:
                continue
            said, element = self.names[name], self.elements[name]
            if name in self.rates:
                self.values[name] = 0.0
                self.description.notes.append(f"{said} has no initial value: 0 is taken")
            elif self.model.getCompartment(name) is not None:
                self.values[name] = 1.0
                if said in self.uses:
                    self.description.notes.append(f"compartment {said} has no size: 1 is taken")
            elif said in self.uses:
                self.fail(element, f"{name.split()[-1]} has no value")


def formulas(model) -> list:
    """All formulas of a model."""
    found = [
        *model.getListOfFunctionDefinitions(),
        *model.getListOfInitialAssignments(),
        *model.getListOfRules(),
        *(reaction.getKineticLaw() for reaction in model.getListOfReactions()),
    ]
    sides = [(*reaction.getListOfReactants(), *reaction.getListOfProducts()) for reaction in model.getListOfReactions()]
    found += [one.getStoichiometryMath() for side in sides for one in side if one.isSetStoichiometryMath()]
    return [one.getMath() for one in found if one is not None and one.getMath() is not None]
