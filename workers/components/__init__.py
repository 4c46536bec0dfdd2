"""The built-in federated components, one file each, and what they share."""
