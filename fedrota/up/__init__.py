"""`fedrota up`: one command that starts, watches and stops every process of the system."""
