"""What an operator may set; imports nothing of ours."""
