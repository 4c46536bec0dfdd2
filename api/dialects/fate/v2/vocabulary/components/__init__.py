"""FATE 2.x's components, by subject."""
