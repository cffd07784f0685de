"""Critical points of the loss as problems: in the weights, in polar form, for families of teachers."""
