"""FLARE's words for what the core does."""
