"""What FATE 2.x says in its answers."""
