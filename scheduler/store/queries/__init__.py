"""Reads: what every query endpoint answers from. Nothing here writes."""
