"""The ways to run a task: component, command, container, an engine's job; one Protocol for all."""
