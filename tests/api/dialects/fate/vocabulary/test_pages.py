from api.dialects.fate.vocabulary.catalogue import load_modules
from api.dialects.fate.vocabulary.pages import PAGE, main, render_page


def test_the_page_in_docs_is_the_one_that_the_modules_make(tmp_path):
    main(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == PAGE.read_text(), "python -m api.dialects.fate.vocabulary.pages"


def test_every_module_and_every_parameter_stands_in_it():
    page = render_page()
    for module in load_modules().values():
        assert f"\n## {module.name}\n" in page
        assert f"components/{module.component}.md" in page
    assert "| `init_param.fit_intercept` | `true` |" in page
    assert "| `rsa_params` | `{...}` |" in page
    assert "need_run |" not in page
