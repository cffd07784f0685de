"""Names of other languages, as ours."""

from collections.abc import Collection

from continuation.expressions.naming import declare_names


def sayable(word: str, taken: Collection[str] = ()) -> str:
    """The name, with underscores behind it where ours may not be so or where it is taken.

    Examples
    --------
    >>> sayable("k"), sayable("exp"), sayable("k", {"k", "k_"})
    ('k', 'exp_', 'k__')
    """
    if not _is_allowed(word) and _is_allowed(f"{word}_"):
        word = f"{word}_"
    while word in taken:
        word = f"{word}_"
    return word


def _is_allowed(word: str) -> bool:
    """Whether a name may be declared."""
    try:
        declare_names([word], "name", {})
    except ValueError:
        return False
    return True
