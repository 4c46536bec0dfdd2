"""What FLARE's clients send, checked and turned into values."""
