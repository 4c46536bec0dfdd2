"""The text protocol of NVIDIA FLARE's consoles up to 2.6: mutual TLS, one command a connection, files in binary frames."""
