"""The proof of the gates: every blocking rule, times every way to start something downstream."""
