"""The characteristic equation for large d: branches by products with DG alone, nothing of size d^4."""

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from continuation import Problem
from continuation.compiled.calls.interface import FAILED, OK, python_callback
from continuation.equations import operations
from continuation.ground.status import Kind
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.matrix_checks import check_given, entry_names, on_one_thread
from systems.characteristic.variants.linearisation import linearisation

RELATIVE = 1e-10  # residual of a linear solution
KRYLOV = 300  # largest dimension of the spaces it is sought in
ACCEPTED = 1e-6  # residual above which a linear solution is none


class LargeEquation(Problem):
    """Problem whose linear systems are solved by GMRES: of its special points folds alone are found.

    Parameters
    ----------
    R, S, T
        As for `characteristic_equation`; R and S are constants here.

    Notes
    -----
    States ``C[0,0]`` ..., parameters ``lam`` and ``T``, output ``J``.  There is no Morse index (``unstable`` is -1): it
    would take ``O(d^6)``, see `morse_index`.  A step costs some hundred products with DG of ``O(d^3)`` each; below
    d = 10 `characteristic_equation` is faster, and finds all special points.

    Examples
    --------
    >>> from continuation import trace
    >>> branch = trace(LargeEquation([[0.5]]), [-0.69], "lam", (0.5, 1.0), parameters={"lam": 0.5})
    >>> C = branch["C[0,0]"][-1]
    >>> bool(abs(C - np.exp(C) * (0.5 - np.exp(C))) < 1e-9)
    True
    """

    def __init__(self, R, S=None, T=1.0):
        self.R, self.S, _, T = check_given("LargeEquation", R=R, S=S, T=T)[1:]
        d = len(self.R)

        def cost(u, p):
            return CriticalPoint(u.reshape(d, d), self.R, max(p[0], 0.0), self.S, p[1]).cost

        super().__init__(
            self._write_residual,
            states=tuple(entry_names("C", d)),
            parameters={"lam": 0.0, "T": T},
            outputs={"J": cost},
            stability=None,
            compiled=False,
            name="large characteristic equation",
        )
        del self.functions["residual"]  # its derivatives are known to its own operations only

    def operations(self, p, active) -> operations.Operations:
        """Return operations that know DG by its products."""
        n, k = len(self.states), len(p)
        solver = _Solver(self, n, active)
        return operations.Operations(
            residual=python_callback(_guarded(self._write_residual), (n, k, n)),
            linearise=python_callback(_guarded(solver.linearise), (n, k, 1)),
            solve=python_callback(_guarded(solver.solve), (n + 1, 2 * n + 2, 2 * n + 4)),
            monitor=python_callback(_guarded(_monitor), (2 * n + 4, k, 5)),
            weights=self.inner_weights(),
            p=p,
            active=active,
            tests=(operations.Test(Kind.FOLD),),
            counts=None,
        )

    def residual(self, u, parameters=None) -> np.ndarray:
        """Return G (d^2,) row by row."""
        out = np.empty(len(self.states))
        self._write_residual(self.unknown_values(u), self.parameter_values(parameters), out)
        return out

    def point(self, u, p) -> CriticalPoint:
        """Return the network at the unknowns u and parameters p."""
        d = len(self.R)
        return CriticalPoint(np.array(u[: d * d]).reshape(d, d), self.R, max(p[0], 0.0), self.S, p[1])

    def _write_residual(self, u, p, out):
        """Write G; also where lam is negative, as next to the end of a branch."""
        point = self.point(u, p)
        out[:] = (p[0] * point.C - point.final_map.T @ (point.R - point.final_map) @ point.S).ravel()


class _Solver:
    """Keeps the linearisation at one point and solves systems bordered by one row."""

    def __init__(self, problem, n, active):
        self.problem, self.n, self.active = problem, n, active
        self.product = self.column = None

    def linearise(self, u, p, out):
        """Set up products with DG, and the derivative with respect to the parameter."""
        point = self.problem.point(u, p)
        C, F, S = point.C, point.final_map, point.S
        operator = linearisation(C, point.lam, point.R, S, point.T)
        extra = p[0] - point.lam  # a point's decay isn't negative, that of a step beyond the end is
        self.product = lambda v: operator.matvec(v) + extra * v
        if self.active == 0:
            self.column = C.ravel().copy()
        else:
            dF = point.weights(point.T) @ F  # by T
            self.column = (F.T @ dF @ S - dF.T @ (point.R - F) @ S).ravel()

    @on_one_thread
    def solve(self, row, both, out):
        """Solve ``[DG G_p; row] z = b`` for two right-hand sides; the determinant is not known."""
        n, row = self.n, row.copy()

        def bordered(z):
            return np.append(self.product(z[:n]) + self.column * z[n], row @ z)

        operator = LinearOperator((n + 1, n + 1), matvec=bordered, dtype=float)
        for k in range(2):
            b = both[k * (n + 1) : (k + 1) * (n + 1)].copy()
            size = np.linalg.norm(b)
            z = np.zeros(n + 1)
            if size > 0:
                z, _ = gmres(operator, b, rtol=RELATIVE, atol=0.0, restart=min(n + 1, KRYLOV), maxiter=4)
            if not np.linalg.norm(bordered(z) - b) <= ACCEPTED * size:
                raise ArithmeticError("GMRES found no solution of the linear system")  # the step is rejected
            out[k * (n + 1) : (k + 1) * (n + 1)] = z
        out[2 * n + 2 :] = 1.0, 0.0


def _monitor(point, p, out):
    """Test function of folds: the parameter's part of the tangent."""
    n = (len(point) - 4) // 2
    out[:] = point[2 * n + 1], 0.0, -1.0, 0.0, 0.0


def _guarded(function):
    """The function as a callback of the engine: no exception may cross the compiled frames."""

    def run(*arrays):
        try:
            function(*arrays)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return FAILED
        return OK

    return run
