"""SBML and Antimony files to descriptions: the libraries, what they say of errors, packages of SBML."""

import importlib

from continuation.models.description import Description, ModelError
from continuation.models.sbml.lists import ListReader

READ = {"l3v2extendedmath", "comp"}  # packages that must be understood, and are; submodels are put together first


def library(name: str, path):
    """A library that the extra ``[sbml]`` installs; says so where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ModelError(f"{path}: reading it needs {name}: pip install 'pseudoarc[sbml]'") from None


def read_antimony(path, text: str, name: str) -> Description:
    """Read Antimony by way of SBML; errors of formulas have no lines, which would be those of the SBML."""
    antimony = library("antimony", path)
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise ModelError(f"{path}: {antimony.getLastError()}")
    libsbml = library("libsbml", path)
    sbml = antimony.getSBMLString(antimony.getMainModuleName())
    return ListReader(path, libsbml, checked_model(libsbml, path, sbml), name, has_lines=False).description


def read_sbml(path, text: str, name: str) -> Description:
    """Read SBML of levels 1 to 3.

    A species stands for its concentration (its amount where it has only substance units); its rate is the sum of the
    reactions' rates times stoichiometry and conversion factor, over the size of its compartment.  Local parameters are
    named after their reaction.  Models of models (package comp) are put together by libsbml.

    Raises
    ------
    ModelError
        The library is missing, the file has errors, or the model has what equilibria have not: events, delays,
        algebraic rules that determine nothing, fast reactions, compartments whose size changes, numbers that are
        missing; names the line.
    """
    libsbml = library("libsbml", path)
    return ListReader(path, libsbml, checked_model(libsbml, path, text), name, has_lines=True).description


def checked_model(libsbml, path, text: str):
    """The model of a document without errors and without packages that are not read."""
    document = libsbml.readSBMLFromString(text)
    refuse_errors(libsbml, path, document)
    if document.getModel() is None:
        raise ModelError(f"{path}: holds no model")
    for category in CATEGORIES_LEFT_OUT:
        document.setConsistencyChecks(getattr(libsbml, category), False)
    document.checkConsistency()
    refuse_errors(libsbml, path, document)
    flatten(libsbml, path, document)
    refuse_packages(path, document)
    model = document.getModel()
    model.document = document  # which owns it
    return model


# Identifiers only: what else is wrong is told where it is read.
CATEGORIES_LEFT_OUT = (
    "LIBSBML_CAT_GENERAL_CONSISTENCY",
    "LIBSBML_CAT_MATHML_CONSISTENCY",
    "LIBSBML_CAT_MODELING_PRACTICE",
    "LIBSBML_CAT_OVERDETERMINED_MODEL",
    "LIBSBML_CAT_SBO_CONSISTENCY",
    "LIBSBML_CAT_UNITS_CONSISTENCY",
)


def refuse_errors(libsbml, path, document):
    """Raise the first error that is none of units."""
    for k in range(document.getNumErrors()):
        error = document.getError(k)
        units = error.getCategory() == libsbml.LIBSBML_CAT_UNITS_CONSISTENCY
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR and not units:
            raise ModelError(f"{path}:{error.getLine()}: {described(error)}")


def described(error) -> str:
    """What libsbml says: the rule in short and what breaks it, which stands last, without the rule's whole text."""
    lines = [line.strip() for line in error.getMessage().strip().splitlines() if line.strip()]
    if len(lines) < 2:
        return lines[0] if lines else error.getShortMessage()
    return f"{error.getShortMessage()}: {lines[-1]}"


def flatten(libsbml, path, document):
    """Put the submodels of the package comp in one model."""
    plugin = document.getModel().getPlugin("comp")
    if plugin is None or not hasattr(plugin, "getNumSubmodels") or not plugin.getNumSubmodels():
        return
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp", True)
    options.addOption("leavePorts", False)
    options.addOption("performValidation", False)
    if document.convert(options) != libsbml.LIBSBML_OPERATION_SUCCESS:
        raise ModelError(f"{path}: its submodels (package comp) can't be put together")


def refuse_packages(path, document):
    """Refuse what must be understood and is not; levels 1 and 2 have no packages."""
    if document.getLevel() < 3:
        return
    names = [document.getPlugin(k).getPackageName() for k in range(document.getNumPlugins())]
    for package in names:
        if is_required(document, package) and package not in READ:
            raise ModelError(f"{path}: the package {package} of SBML, which it needs, is not read")
    for k in range(document.getNumUnknownPackages()):
        if is_required(document, document.getUnknownPackagePrefix(k)):
            raise ModelError(f"{path}: the package {document.getUnknownPackageURI(k)} of SBML is not read")


def is_required(document, package: str) -> bool:
    """Whether a document says that a package must be understood."""
    return document.isSetPackageRequired(package) and document.getPackageRequired(package)
