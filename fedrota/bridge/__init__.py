"""Lets unmodified clients of NVIDIA FLARE 2.8 and 2.9 in: nvflare's own wire on one side, the gateway's HTTP on the other."""
