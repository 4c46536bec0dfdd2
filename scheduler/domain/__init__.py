"""The rules of scheduling in plain Python: no framework, clock, random or I/O."""
