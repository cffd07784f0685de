"""SBML and Antimony, by libsbml and antimony (the extra ``[sbml]``)."""
