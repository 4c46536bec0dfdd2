"""A door that remembers what was sent through it, and sessions that stand before it."""

from fedrota.session.door import Reply


class FakeDoor:
    """Answers each command with the next of what `answers` holds for it."""

    def __init__(self, **answers):
        self.sent = []
        self.answers = answers

    def send(self, name, *words, **_given):
        self.sent.append((name, *words))
        found = self.answers.get(name, {})
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Exception):
            raise found
        return Reply(found)


def make(part, **answers):
    """A part of a session before a door with these answers."""
    session = object.__new__(part)
    session.api = FakeDoor(**answers)
    return session


def text(words):
    return {"data": [{"type": "string", "data": words}], "meta": {"status": "ok"}}


def value(given):
    return {"data": [{"type": "dict", "data": given}], "meta": {"status": "ok", **given}}
