"""FATE 2.x's interface, below `/v2`; it shares the vocabulary of the first one."""
