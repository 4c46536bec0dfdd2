"""NVIDIA FLARE's interface: one command table behind the drop-in session, the text listener and the bridge."""
