"""Proofs by interval arithmetic: theorems on branches, from the text of the equations.

What a proof is made of, and where its mathematics stands:

`arithmetic`, `exact`
    Balls of python-flint (Johansson, Arb, IEEE Trans. Comput. 66, 2017) around exact decimals; the equations' own graph
    with exact constants, and its exact derivatives, over boxes.
`systems_of_points`, `proven_points`
    Special points as regular zeros of square systems: Moore and Spence (SIAM J. Numer. Anal. 17, 1980), Griewank and
    Reddien (IMA J. Numer. Anal. 3, 1983); a box holds one by the criterion of Krawczyk (Computing 4, 1969).
`tubes`, `events_along`
    A branch as a chain of tubes, each with exactly one curve that its neighbour shares (van den Berg and Lessard,
    Notices of the AMS 62, 2015; Tucker, Validated Numerics, 2011), and what happens along it.
`verify`
    From a statement, wherever it came from, to a `Theorem`.  All of a proof is in the files above.
`everywhere`
    All zeros in a box.
`choosing/`, `certificates/`, `proof`
    Points, radii and boxes so that a proof succeeds; statements as text, theorems in words; and what users get.

What is not proven: periodic orbits, curves in two parameters, branch points off invariant subspaces (for these F is
shown to lie within an unfolding of 1e-20 or so of one), Hopf points of singular pencils, that compiled functions
compute what a text says.
"""
