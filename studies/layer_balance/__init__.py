"""Du, Hu, Lee (2018): gradient descent balances the layers of homogeneous networks."""
