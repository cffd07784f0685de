"""Models of the atmosphere with rich bifurcation diagrams in two parameters."""

from continuation import Problem


def lorenz84(F: float = 1.7620532879639, T: float = 0.04) -> Problem:
    """Set up Lorenz's model of the atmosphere coupled to the ocean: curves with all points of codimension two.

    ``X' = -Y**2 - Z**2 - alpha X + alpha F - gamma U**2``, ``Y' = X Y - beta X Z - Y + G``,
    ``Z' = beta X Y + X Z - Z``, ``U' = -delta U + gamma U X + T`` with alpha = G = 0.25, beta = 1, gamma = 0.987,
    delta = 1.04 (L. van Veen, *Baroclinic flow and the Lorenz-84 model*, Int. J. Bifurcation and Chaos 13, 2003).
    In the plane of F and T its fold and Hopf curves carry cusp, Bogdanov-Takens, zero-Hopf, Bautin and Hopf-Hopf
    points.  ``(X, U, T) -> (X, -U, -T)`` is a symmetry.

    Examples
    --------
    >>> lorenz84().solve([3.0, 0.0, 0.0, 0.0], {"F": 3.0, "T": 0.0})["U"]
    0.0
    """
    return Problem.from_expressions(
        {
            "X": "-Y**2 - Z**2 - alpha*X + alpha*F - gamma*U**2",
            "Y": "X*Y - beta*X*Z - Y + G",
            "Z": "beta*X*Y + X*Z - Z",
            "U": "-delta*U + gamma*U*X + T",
        },
        parameters={"F": F, "T": T, "alpha": 0.25, "beta": 1.0, "gamma": 0.987, "delta": 1.04, "G": 0.25},
        name="lorenz84",
    )
