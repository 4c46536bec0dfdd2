"""Draws the state machine from its table: `python -m scheduler.domain.diagram > docs/state-machine.md`."""

import sys
from collections.abc import Iterator

from scheduler.domain.states import MOVES, TERMINAL, Event, Level, Moves, State

_HEAD = """\
# State machine

Generated from `scheduler/domain/states.py` by `make docs`; a test fails when it is out of date.
An event that has no arrow from a state is refused with a reason; it never changes anything.
"""
_WORDS = {
    Level.JOB: "What a client asked for. It runs from its first claimed task until all of its steps have ended.",
    Level.STEP: "Done by several parties together. A failed attempt goes back to waiting while tries are left.",
    Level.TASK: "One step at one party in one attempt. It ends once; another try of the step makes new tasks.",
}
_ORDER = list(State)


def render_diagram() -> str:
    """The whole page, in Markdown with one Mermaid diagram per level."""
    return "\n".join([_HEAD, *(_render_level(level) for level in Level)])


def _render_level(level: Level) -> str:
    drawing = "\n".join(["stateDiagram-v2", "    direction LR", *_render_arrows(MOVES[level])])
    return f"## {level.value.capitalize()}\n\n{_WORDS[level]}\n\n```mermaid\n{drawing}\n```\n"


def _render_arrows(moves: Moves) -> Iterator[str]:
    """One arrow per pair of states, with all the events that lead along it."""
    reached: dict[tuple[State, State], list[str]] = {}
    for (source, event), target in sorted(moves.items(), key=_by_states):
        reached.setdefault((source, target), []).append(event.value)
    yield f"    [*] --> {State.WAITING.value}"
    for (source, target), events in reached.items():
        yield f"    {source.value} --> {target.value}: {', '.join(events)}"
    for state in State:
        if state in TERMINAL:
            yield f"    {state.value} --> [*]"


def _by_states(move: tuple[tuple[State, Event], State]) -> tuple[int, int, str]:
    (source, event), target = move
    return _ORDER.index(source), _ORDER.index(target), event.value


if __name__ == "__main__":
    sys.stdout.write(render_diagram())
