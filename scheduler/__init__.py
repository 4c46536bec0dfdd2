"""The core: what a job is, where it is stored, how it advances."""
