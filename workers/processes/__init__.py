"""Processes that fork others, and how they talk: shared by the worker, its zygotes and what runs in an engine's Python.

Standard library only.
"""
