"""What FATE's clients expect to read."""
