"""What workers call: hello, sync, the party channel and the relay of the exchange."""
