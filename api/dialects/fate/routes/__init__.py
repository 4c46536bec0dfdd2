"""FATE-Flow's routes, by subject; every answer is its envelope."""

from api.dialects.fate.routes.answer import ROOT, Answer, Routes

__all__ = ["ROOT", "Answer", "Routes"]
