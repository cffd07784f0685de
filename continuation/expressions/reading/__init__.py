"""From text and sympy to graphs: what is read, checked, and refused at its place."""
