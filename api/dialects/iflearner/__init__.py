"""iFLearner Flow's interface: templates, tasks and federates under /api/v1."""
