import re
from pathlib import Path

import pytest

from api.native.documents import JobDocument
from fedrota.document import parse_document
from workers.components.catalog import list_builtin
from workers.components.docs import FOLDER, PURPOSES, main, read_examples, render_pages


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


def test_the_index_has_each_component_once_under_its_purpose():
    listed = [name for names in PURPOSES.values() for name in names]
    assert sorted(listed) == sorted(info.name for info in list_builtin())


def test_every_component_that_users_write_has_an_example_on_its_page():
    pages, examples = dict(render_pages()), read_examples()
    assert set(examples) == {info.name for info in list_builtin()} - {"restore_model"}
    assert all(text in pages[f"{name}.md"] for name, text in examples.items())
    assert "the gateway writes this step itself" in pages["restore_model.md"]


@pytest.mark.parametrize("name", read_examples())
def test_examples_are_documents_that_run(name, run_document, tmp_path):
    text = read_examples()[name]
    document = JobDocument.model_validate(parse_document(text))
    assert name in {step.name for step in document.steps if step.component == name}
    (tmp_path / "job.yaml").write_text(text, encoding="utf-8")
    done = run_document(tmp_path / "job.yaml", key_bits=1024)
    assert done[name]["guest"].progress[-1:] in ([], [1.0])


def test_pages_are_written_to_the_folder(tmp_path: Path):
    main(tmp_path / "components")
    assert {path.name for path in (tmp_path / "components").iterdir()} == {name for name, _ in render_pages()}
