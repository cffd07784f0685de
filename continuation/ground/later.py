"""Modules imported when they are first used, so that ``import continuation`` and the command line start at once."""

from importlib import import_module


class Later:
    """Stands for a module; its attributes are the module's, which is imported when one is first asked for."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("__"):  # what tools ask of every object; none is meant to import
            raise AttributeError(attribute)
        return getattr(import_module(self._name), attribute)

    def __repr__(self):
        return f"<module {self._name!r}, imported when first used>"


def later(name: str) -> Later:
    """Import the module `name` (a literal, as in an import statement) at its first use.

    For what brings numba, matplotlib, xarray or the engine, and only where verbs meet them: at the top of the files of
    the reception.  The test of the rooms reads these lines as the imports they are.

    Examples
    --------
    >>> math = later("math")
    >>> math.sqrt(4.0)
    2.0
    """
    return Later(name)
