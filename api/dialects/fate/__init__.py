"""FATE-Flow's interface: its clients of every age against one gateway."""
