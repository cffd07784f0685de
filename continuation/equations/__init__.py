"""F as data: names, parameters, inner product, functions, derivatives, Newton's method, what the engine calls."""
