"""What is written for people: Markdown, HTML, TSV and plots, in files whose names people's scripts know.

A report takes tables and numbers and writes a new folder or file; it never overwrites one and decides nothing.
"""
