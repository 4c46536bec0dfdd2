"""The page of the command line is what the commands say now."""

from fedrota.cli.reference import render_reference


def test_page_is_up_to_date(repository):
    page = (repository / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == render_reference(), "docs/cli.md is out of date: run `make docs`"


def test_every_command_is_there():
    page = render_reference()
    for words in (
        "submit FILE",
        "logs JOB\\|TASK [STEP]".replace("\\", ""),
        "parties slots PARTY N",
        "tokens create NAME",
        "ps",
    ):
        assert f"### `fedrota {words}`" in page
    assert "`--set STEP.PARAM=VALUE`" in page
