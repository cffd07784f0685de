"""Ends of a branch: its first and its last row; a picture marks them by why they are ends, if at all."""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, SpecialKind

BRANCH_END = SpecialKind(kind=Kind.END, words="end", marker=None, locator=Locator.NOWHERE, explains="none")
