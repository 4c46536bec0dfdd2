"""The gateway: HTTP for clients and workers over the one core."""
