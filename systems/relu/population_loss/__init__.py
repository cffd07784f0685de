"""The loss over all inputs: value, gradient, Hessian and its products, and gradient descent on it."""
