"""What a console may look at and change on this host: logs, working folders, log levels, the worker's end."""
