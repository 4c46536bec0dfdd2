"""Writes off the hot path; the only other place that assigns a state."""
