"""What algebraic rules of SBML determine: each one of the names in it that nothing else does."""

from continuation.expressions.reading.scanning import names_in


def determined_by(reader) -> list:
    """Identifier that each algebraic rule determines, in order, each once; refused where there are too few.

    `reader` has ``algebraic``, ``names``, ``model``, ``rates``, ``rules``, ``description``, ``fail``.
    """
    free = {said: name for name, said in reader.names.items() if is_free(reader, name)}
    wanted = [[free[word] for word in names_behind(reader, text) if word in free] for _, text in reader.algebraic]
    owners: dict = {}  # identifier -> number of its rule
    for k, (rule, _) in enumerate(reader.algebraic):
        if not give(k, wanted, owners, set()):
            reader.fail(rule, "an algebraic rule: nothing in it is left for it to determine")
    return [name for _, name in sorted((k, name) for name, k in owners.items())]


def is_free(reader, name) -> bool:
    """Whether something may change, and no rule and no reaction says how."""
    element = reader.model.getSpecies(name) or reader.model.getParameter(name)
    changes = element is not None and not element.getConstant()
    return changes and name not in reader.rates and name not in reader.rules


def names_behind(reader, text) -> list:
    """Names in a text, and in the definitions that it uses, in order."""
    heads = {head.split("(")[0]: body for head, body in reader.description.definitions.items()}
    heads |= {reader.names[name]: body for name, body in reader.rules.items()}
    found, waiting = [], list(names_in(text))
    while waiting:
        word = waiting.pop(0)
        if word not in found:
            found.append(word)
            waiting += names_in(heads.get(word, ""))
    return found


def give(k, wanted, owners, asked) -> bool:
    """Find a name for rule `k`, moving other rules to other names where it must be."""
    for name in wanted[k]:
        if name not in asked:
            asked.add(name)
            if name not in owners or give(owners[name], wanted, owners, asked):
                owners[name] = k
                return True
    return False
