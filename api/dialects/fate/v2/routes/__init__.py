"""FATE-Flow 2.x's routes, by subject."""

from typing import Final

ROOT: Final = "/v2"
