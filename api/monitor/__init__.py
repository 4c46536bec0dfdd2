"""Watching the system: queues and workers, metrics, health."""
