"""Systems of the papers once more, written as text: what `Branch.prove` and the exact derivatives of text need.

Each is the system of the same equations elsewhere in `systems`, on the part of its states where one text is right.
"""

from continuation import Problem
from systems.number_checks import check_count, check_positive


def scalar_network_text(depth, target) -> Problem:
    """Set up `systems.linear_networks.scalar_network` as text.

    Parameters
    ----------
    depth : int
        Number of layers, at least 1.
    target : float
        Positive.

    Examples
    --------
    >>> scalar_network_text(2, 4.0).residual([1.0], {"lam": 3.0})
    array([0.])
    """
    n, s = check_count("depth", depth), check_positive("target", target)
    equations = {"a": f"a**{n - 1}*(s - a**{n}) - lam*a"}
    return Problem.from_expressions(equations, {"lam": 0.0, "s": s}, name=f"scalar linear network of depth {n}")


def quarter_turn_text() -> Problem:
    """Set up `systems.characteristic.characteristic_equation` as text, for Example 1: R turns the plane by pi/2.

    ``F = exp(C - C') exp(C')`` is a rotation times what is written with cos and sin of an angle: where the eigenvalues
    of C are complex, ``-h**2 - C[0,1] C[1,0] > 0`` with h half the difference of its diagonal.

    Examples
    --------
    At lam = 0 every logarithm of R is a solution, among them that of the class n = -1:

    >>> import math
    >>> C = [0.0, 1.5 * math.pi, -1.5 * math.pi, 0.0]
    >>> bool(abs(quarter_turn_text().residual(C)).max() < 1e-14)
    True
    """
    definitions = {
        "h": "(C[0,0] - C[1,1])/2",
        "angle": "sqrt(-h**2 - C[0,1]*C[1,0])",
        "size": "exp((C[0,0] + C[1,1])/2)",
        "co": "size*cos(angle)",
        "si": "size*sin(angle)/angle",
        "c": "cos(C[1,0] - C[0,1])",
        "s": "sin(C[1,0] - C[0,1])",
        "F[0,0]": "c*(co + si*h) - s*si*C[0,1]",
        "F[0,1]": "c*si*C[1,0] - s*(co - si*h)",
        "F[1,0]": "s*(co + si*h) + c*si*C[0,1]",
        "F[1,1]": "s*si*C[1,0] + c*(co - si*h)",
    }
    equations = {
        "C[0,0]": "lam*C[0,0] + F[0,0]*F[0,0] - F[1,0]*(1 - F[1,0])",
        "C[0,1]": "lam*C[0,1] + F[0,0]*(1 + F[0,1]) + F[1,0]*F[1,1]",
        "C[1,0]": "lam*C[1,0] + F[0,1]*F[0,0] - F[1,1]*(1 - F[1,0])",
        "C[1,1]": "lam*C[1,1] + F[0,1]*(1 + F[0,1]) + F[1,1]*F[1,1]",
    }
    parameters = {"lam": 0.0}
    return Problem.from_expressions(
        equations, parameters, definitions=definitions, stability=None, name="characteristic equation of a quarter turn"
    )


def normal_plane_text() -> Problem:
    """Set up Example 1 for normal matrices ``C = [[a, -w], [w, a]]``, complex numbers ``a + i w``.

    Examples
    --------
    >>> import math
    >>> bool(abs(normal_plane_text().residual([0.0, -1.5 * math.pi])).max() < 1e-14)
    True
    """
    equations = {"a": "lam*a - exp(a)*sin(w) + exp(2*a)", "w": "lam*w - exp(a)*cos(w)"}
    scales, name = {"a": 1.0, "w": 1.0, "lam": 1.0}, "normal solutions for a quarter turn"
    return Problem.from_expressions(equations, {"lam": 0.0}, stability=None, scales=scales, name=name)


def plane_text() -> Problem:
    """Set up `systems.relu.symmetric.plane_dynamics.plane` for K = 2 as text, in polar coordinates.

    ``x = r cos(a)``, ``y = r sin(a)``; for a from 0 to pi/4, so ``x >= y >= 0``, all angles of the network are linear
    in a, and the text is the analytic continuation of the flow from there.  States ``r`` and ``a``, of which the second
    equation is that of ``r a'``: defined at r = 0 as well.  Parameter ``lam``, weight decay.

    Examples
    --------
    The teacher is a solution:

    >>> bool(abs(plane_text().residual([1.0, 0.0])).max() < 1e-15)
    True
    """
    outward = "r*(pi + (pi/2 + 2*a)*sin(2*a) + cos(2*a)) - (pi - a)*cos(a) - (pi/2 + a)*sin(a) - sin(a) - cos(a)"
    around = "(pi/2 + 2*a)*r*cos(2*a) + (pi - a)*sin(a) - (pi/2 + a)*cos(a)"
    equations = {"r": f"-({outward})/(2*pi) - lam*r", "a": f"-({around})/(2*pi)"}
    return Problem.from_expressions(equations, {"lam": 0.0}, stability=None, name="plane of Theorem 7, K = 2")
