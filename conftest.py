"""Which files hold no tests here: those of optional libraries that are not installed."""

import importlib.util

collect_ignore = [
    f"continuation/losses/{name}_loss.py" for name in ("jax", "torch") if importlib.util.find_spec(name) is None
]
