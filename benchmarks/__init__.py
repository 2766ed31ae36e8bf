"""Figures that anyone can measure again: ``make bench-…``. The last line each prints is one JSON object."""
