"""Formulas in our own text, put together: a piece is a text and how tightly it binds, parentheses where it must."""

OR, AND, COMPARISON, SUM, PRODUCT, POWER, ATOM = range(7)  # how tightly our own text binds; ``not`` as a comparison


def at_least(level: int, piece: tuple) -> str:
    """A text as an operand that must bind as tightly as `level`."""
    words, own = piece
    return words if own >= level else f"({words})"


def joined(sign: str, left: tuple, right: tuple) -> tuple:
    """Two operands and the operator between them, in our words."""
    if sign in "+-":
        return f"{at_least(SUM, left)} {sign} {at_least(PRODUCT, right)}", SUM
    if sign in ("*", "/"):
        return f"{at_least(PRODUCT, left)}{sign}{at_least(POWER, right)}", PRODUCT
    if sign in ("^", "**"):
        return f"{at_least(ATOM, left)}**{at_least(ATOM, right)}", POWER
    if sign in "&|":
        level, word = (AND, "and") if sign == "&" else (OR, "or")
        return f"{at_least(level, left)} {word} {at_least(level + 1, right)}", level
    return f"{at_least(SUM, left)} {sign} {at_least(SUM, right)}", COMPARISON
