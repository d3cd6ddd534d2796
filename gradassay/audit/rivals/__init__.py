"""The other checkers of gradients, each called as its documentation says."""
