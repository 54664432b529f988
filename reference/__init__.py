"""The oracle: reference cells and models, and beside each its named mistakes. Imports nothing of the grader."""
