"""The interfaces of other systems, each a folder that turns its words into the core's and back."""
