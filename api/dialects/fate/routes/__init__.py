"""FATE-Flow's routes, by subject; every answer is its envelope."""
