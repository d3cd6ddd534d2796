"""Operators make wrong rules of right ones: each is a function from a rule to a rule with the same signature."""
