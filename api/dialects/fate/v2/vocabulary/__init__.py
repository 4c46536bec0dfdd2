"""FATE 2.x's words: components with their parameters, DAGs, rows."""
