"""Our own REST interface under /fedrota/v1: a plain image of the core."""
