"""What runs in iFLearner's own Python environment; standard library and iflearner only."""
