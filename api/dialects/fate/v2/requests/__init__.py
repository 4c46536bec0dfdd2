"""What clients of FATE 2.x send."""
