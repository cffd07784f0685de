"""Networks of finitely many layers, the algorithm that trains them, and what finite samples do to solutions."""
