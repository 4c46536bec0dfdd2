"""Measurements of the whole system, printed as one table; never a test's verdict."""
