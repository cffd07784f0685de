"""Which of several limits an end of a branch lies on."""

NEAR = 1e-8  # of a value and its limit, relative to 1 + |limit|; a limit is met to rounding, others by chance


def limit_reached(branch, row) -> str:
    """Name of the parameter, state or output on whose limit a row lies; empty where only the parameter has limits.

    Empty too where no limit is near: the last point that could be had next to one may lie before it.
    """
    if not branch.request.bounds:
        return ""
    for name, pair in branch.request.limits.items():
        value = branch[name][row]
        if any(abs(value - limit) <= NEAR * (1 + abs(limit)) for limit in pair if abs(limit) < float("inf")):
            return name
    return ""
