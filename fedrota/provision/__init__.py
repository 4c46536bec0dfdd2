"""Startup kits in NVIDIA FLARE's layout: a small certificate authority, certificates with roles, tokens beside them."""
