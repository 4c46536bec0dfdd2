"""The only SQL of the project: what is stored, and every statement that reads or writes it."""
