"""The drawn state machine."""

from scheduler.domain.diagram import render_diagram
from scheduler.domain.states import MOVES


def test_the_page_in_docs_is_current(repository):
    drawn = (repository / "docs/state-machine.md").read_text()
    assert drawn == render_diagram(), "run `make docs`"


def test_every_move_of_the_table_is_drawn():
    page = render_diagram()
    for level, moves in MOVES.items():
        section = page.partition(f"## {level.value.capitalize()}\n")[2].partition("\n## ")[0]
        for (source, event), target in moves.items():
            arrows = [line for line in section.splitlines() if f" {source.value} --> {target.value}:" in line]
            assert len(arrows) == 1
            assert event.value in arrows[0].partition(": ")[2].split(", ")
