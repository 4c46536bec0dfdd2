"""Models on the move: archives, arrivals, the hook that tells what serves them."""
