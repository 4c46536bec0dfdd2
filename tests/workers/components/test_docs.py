import re
from pathlib import Path

import pytest

from workers.components.catalog import list_builtin
from workers.components.docs import FOLDER, main, render_pages


@pytest.mark.parametrize(("name", "text"), [pytest.param(*page, id=page[0]) for page in render_pages()])
def test_the_pages_in_the_tree_are_up_to_date(name, text):
    assert (FOLDER / name).read_text(encoding="utf-8") == text, "run `python -m workers.components.docs`"


def test_every_page_has_parameters_ports_and_who_learns_what():
    pages = dict(render_pages())
    for info in list_builtin():
        page = pages[f"{info.name}.md"]
        for name in info.params["properties"]:
            assert f"| `{name}` |" in page
        for port in (*info.inputs, *info.outputs):
            assert f"`{port}`" in page
        learned = page.partition("## Who learns what")[2]
        assert len(re.findall(r"^\| [^-w]", learned, re.MULTILINE)) >= 1
        assert f"[{info.name}]({info.name}.md)" in pages["README.md"]


def test_pages_are_written_to_the_folder(tmp_path: Path):
    main(tmp_path / "components")
    assert {path.name for path in (tmp_path / "components").iterdir()} == {name for name, _ in render_pages()}
