"""Reports for people: Markdown, HTML, TSV and plots. Other programs rely on the names of the files.

A report takes tables and numbers, and writes a new folder or file. A report overwrites nothing and decides nothing.
"""
