"""Normal forms of two modes at once: zero-Hopf (fold-Hopf) and Hopf-Hopf points."""

import numpy as np

from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction
from continuation.kinds.normal_forms.fold_forms import DOUBLE
from continuation.kinds.normal_forms.hopf_forms import NO_PAIR, conjugates, movements
from continuation.kinds.normal_forms.linear_part import Local

# |k omega1 - l omega2| below this of omega1 is named a resonance: in parameters 1e-3 away the missing terms count.  It
# changes a word only, no coefficient; ten times smaller names exact ones alone, ten times larger most points.
RESONANT = 1e-3


def zero_hopf(local: Local) -> dict:
    """Zero-Hopf point: ``z' = b z**2 + c |w|**2``, ``w' = i omega w + d z w + e z**2 w``.

    Returns
    -------
    dict
        ``omega``; ``G200, G011, G300, G111`` (real) and ``G110, G210, G021`` (complex), the coefficients of the
        Poincare normal form times the factorials; ``b = G200/2``, ``c = G011``, ``d = G110 - i omega G300/(3 G200)``
        and ``e = Re[G210 + G110 ((Re G021 + G111)/G011 - G300/G200) - G021 G200/(2 G011)]/2`` of the form above,
        which changes of time and coordinates reach where bc is not 0; ``s = sign(bc)``, ``theta = Re(d)/b``,
        ``theta_imag = Im(d)/b``.  In the original time the frequency is ``omega + turn_z z + turn_zz z**2 + turn_ww
        |w|**2`` with ``turn_z = Im G110``, ``turn_zz = Im(G210)/2``, ``turn_ww = Im(G021)/2``.

    Notes
    -----
    Scaled by ``|q0| = <p0, q0> = 1``, ``<q, q> = <p, q> = 1``; s and theta do not depend on it.  Kuznetsov 1999;
    book, section 8.5.
    """
    pairs, kernel = local.pairs(1), local.kernel()
    if not pairs:
        return dict(NO_PAIR)
    if not kernel.semisimple:
        return {"degenerate": DOUBLE}
    zero = Critical(0.0, kernel.right[0], kernel.left[0], 0)
    g, omega = Reduction(local, [zero, *conjugates(pairs, 1)]).coefficient, pairs[0].omega
    found = {
        "omega": omega,
        "G200": float(g(0, 0, 0).real),
        "G110": complex(g(1, 0, 1)),
        "G011": float(g(0, 1, 2).real),
    }
    found |= {"s": float(np.sign(found["G200"] * found["G011"]))}
    if not local.smooth or abs(found["s"]) != 1:
        return found | {"degenerate": "F has no third derivatives" if not local.smooth else "b or c vanishes"}
    found |= {"G300": float(g(0, 0, 0, 0).real), "G111": float(g(0, 0, 1, 2).real)}
    found |= {"G210": complex(g(1, 0, 0, 1)), "G021": complex(g(1, 1, 1, 2)), "turn_z": found["G110"].imag}
    found |= {"turn_zz": found["G210"].imag / 2, "turn_ww": found["G021"].imag / 2}
    return found | zero_hopf_simplified(found)


def zero_hopf_simplified(g) -> dict:
    """b, c, d, e and theta from the coefficients of the Poincare normal form."""
    d = g["G110"] - 1j * g["omega"] * g["G300"] / (3 * g["G200"])
    factor = (g["G021"].real + g["G111"]) / g["G011"] - g["G300"] / g["G200"]
    e = 0.5 * (g["G210"] + g["G110"] * factor - g["G021"] * g["G200"] / (2 * g["G011"])).real
    b = g["G200"] / 2
    return {"b": b, "c": g["G011"], "d": d, "e": float(e), "theta": float(d.real / b), "theta_imag": float(d.imag / b)}


def hopf_hopf(local: Local) -> dict:
    """Hopf-Hopf point: ``r1' = r1 (p11 r1**2 + p12 r2**2 + s1 r2**4)``, and r2' with 1 and 2 exchanged.

    Returns
    -------
    dict
        ``omega1 > omega2``; ``p11, p12, p21, p22``; ``theta = p12/p22``, ``delta = p21/p11``; ``case``:
        ``"simple"`` where p11 p22 > 0, else ``"difficult"``; in the difficult case the coefficients ``s1, s2`` of
        fifth order, ``Theta = s1/p22**2``, ``Delta = s2/p11**2``; ``resonance`` such as ``"1:2"`` where
        ``k omega1`` and ``l omega2`` are within 1e-3, k + l up to 5: the form above then misses terms.  In the same
        coordinates ``phase1' = omega1 + t11 r1**2 + t12 r2**2``, and with t21, t22 for the second;
        ``speeds1, turns1, speeds2, turns2``, tuples: how real and imaginary part of each eigenvalue move with each
        varied parameter.

    Notes
    -----
    Scaled by ``<q, q> = <p, q> = 1`` for both pairs; theta and delta do not depend on it.  With ``<p, h> = 0``
    throughout; other choices move s1 and s2 together, by multiples of ``p12 - p22`` and
    ``(p11 - p21) p21/p12``.  Kuznetsov 1999; book, section 8.6.
    """
    pairs = local.pairs(2)
    if len(pairs) < 2:
        return dict(NO_PAIR)
    found = {"omega1": pairs[0].omega, "omega2": pairs[1].omega} | resonance(pairs)
    if not local.smooth:
        return found | {"degenerate": "F has no third derivatives"}
    g = Reduction(local, conjugates(pairs)).coefficient
    found |= {"p11": float(g(0, 0, 0, 1).real / 2), "p12": float(g(0, 0, 2, 3).real)}
    found |= {"p21": float(g(2, 2, 0, 1).real), "p22": float(g(2, 2, 2, 3).real / 2)}
    found |= {"t11": float(g(0, 0, 0, 1).imag / 2), "t12": float(g(0, 0, 2, 3).imag)}
    found |= {"t21": float(g(2, 2, 0, 1).imag), "t22": float(g(2, 2, 2, 3).imag / 2)}
    found |= movements(local, pairs[0], "1") | movements(local, pairs[1], "2")
    p11, p12, p21, p22 = (found[name] for name in ("p11", "p12", "p21", "p22"))
    if not np.isfinite(p11 * p22) or 0 in (p11, p12, p21, p22):
        return found | {"degenerate": "a cubic coefficient vanishes or is no number"}
    found |= {"theta": p12 / p22, "delta": p21 / p11, "case": "simple" if p11 * p22 > 0 else "difficult"}
    return found if found["case"] == "simple" else found | fifth_order(g, p11, p12, p21, p22)


def fifth_order(g, p11, p12, p21, p22) -> dict:
    """s1, s2 and what is made of them, after changes of time and amplitudes have removed the other terms."""
    a11, a12, a22 = g(0, 0, 0, 0, 1, 1).real / 12, g(0, 0, 0, 1, 2, 3).real / 2, g(0, 0, 2, 2, 3, 3).real / 4
    b11, b12, b22 = g(2, 0, 0, 1, 1, 2).real / 4, g(2, 0, 1, 2, 2, 3).real / 2, g(2, 2, 2, 2, 3, 3).real / 12
    s1 = a22 + p12 * (b12 / p21 - 2 * b22 / p22 - a11 * p22 / (p11 * p21))
    s2 = b11 + p21 * (a12 / p12 - 2 * a11 / p11 - b22 * p11 / (p22 * p12))
    return {"s1": float(s1), "s2": float(s2), "Theta": float(s1 / p22**2), "Delta": float(s2 / p11**2)}


def resonance(pairs) -> dict:
    """The strongest integer relation of two frequencies, if there is one."""
    fast, slow = pairs[0].omega, pairs[1].omega
    for k, l in ((1, 1), (1, 2), (1, 3), (2, 3), (1, 4)):
        if abs(k * fast - l * slow) <= RESONANT * fast:
            return {"resonance": f"{k}:{l}"}
    return {}
