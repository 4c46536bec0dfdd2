"""The ways to run a task: component, command, container; one Protocol for all."""
