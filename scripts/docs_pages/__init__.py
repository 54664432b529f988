"""The pages of `docs/` that come from the code, one a module."""
