"""FATE-Flow 2.x's routes, by subject."""
