"""What runs in NVIDIA FLARE's own Python environment beside its processes; standard library and nvflare only."""
