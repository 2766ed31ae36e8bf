"""Figures that anyone can measure again: ``make bench-…``. The last line of each output is one JSON object."""
