"""What FATE's clients send, checked and turned into values."""
