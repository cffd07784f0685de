"""The characteristic equation in two ways: the kernels under test, and the formulas as they stand in the paper."""

import math

import numpy as np
from numpy.testing import assert_allclose
from scipy.linalg import expm, expm_frechet

from systems.characteristic.kernels import general_kernels as general
from systems.characteristic.kernels import two_by_two_kernels as plane

EPS = np.finfo(float).eps
KERNELS = {
    "general": (general.general_residual, general.general_jacobian, general.general_parameter_derivative),
    "plane": (plane.plane_residual, plane.plane_jacobian, plane.plane_parameter_derivative),
}
COST = {"general": general.general_cost, "plane": plane.plane_cost}
QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def kernels_for(d):
    return ["plane", "general"] if d == 2 else ["general"]


def pack(lam, T, R, S):
    return np.concatenate([[lam, T], np.ravel(R), np.ravel(S)])


def residual(C, p, which="general"):
    out = np.full(C.size, np.nan)
    KERNELS[which][0](C.ravel(), p, out)
    return out.reshape(C.shape)


def jacobian(C, p, which="general"):
    out = np.full((C.size, C.size), np.nan)
    KERNELS[which][1](C.ravel(), p, out)
    return out


def parameter_derivative(C, p, k, which="general"):
    out = np.full(C.size, np.nan)
    KERNELS[which][2](C.ravel(), p, k, out)
    return out.reshape(C.shape)


def unit(d, k):
    return np.eye(d * d)[k].reshape(d, d)


# The slow reference: the formulas as they stand in the paper.


def final_map(C, T):
    return expm(T * (C - C.T)) @ expm(T * C.T)


def final_map_change(C, T, V):
    """``dF[V]`` through scipy's Frechet derivative."""
    first, d_first = expm_frechet(T * (C - C.T), T * (V - V.T))
    second, d_second = expm_frechet(T * C.T, T * V.T)
    return d_first @ second + first @ d_second


def reference(C, lam, T, R, S):
    F = final_map(C, T)
    return lam * C - F.T @ (R - F) @ S


def reference_jacobian(C, lam, T, R, S):
    d, F = len(C), final_map(C, T)
    columns = []
    for V in (unit(d, k) for k in range(d * d)):
        dF = final_map_change(C, T, V)
        columns.append((lam * V - dF.T @ (R - F) @ S + F.T @ dF @ S).ravel())
    return np.stack(columns, axis=1)


def reference_cost(C, lam, T, R, S):
    gap = final_map(C, T) - R
    return 0.5 * lam * T * np.trace(C.T @ C) + 0.5 * np.trace(gap @ S @ gap.T)


def size(C, lam, T, R, S):
    """What rounding errors of G are relative to: the sum of absolute values of all that is added up in it."""
    F = np.linalg.norm(final_map(C, T))
    terms = F * (np.linalg.norm(R) + F) * np.linalg.norm(S)
    return abs(lam) * np.linalg.norm(C) + terms * (1 + T * np.linalg.norm(C))


def problem_data(rng, d, scale=1.0):
    C = scale * rng.standard_normal((d, d)) / math.sqrt(d)
    M = rng.standard_normal((d, d))
    return C, 0.3, 1.3, rng.standard_normal((d, d)), M @ M.T + np.eye(d)


def solution(C, p, which="general", steps=30):
    """Newton's method, least-norm corrections (so that circles of solutions are no obstacle)."""
    for _ in range(steps):
        C = C - np.linalg.lstsq(jacobian(C, p, which), residual(C, p, which).ravel(), rcond=1e-9)[0].reshape(C.shape)
    assert_allclose(residual(C, p, which), 0, atol=1e-13)
    return C
