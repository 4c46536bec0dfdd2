"""FATE's modules and the components that do their work, one file per family."""
