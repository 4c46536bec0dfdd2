"""FLARE's commands by subject, and the doors that lead to them."""
