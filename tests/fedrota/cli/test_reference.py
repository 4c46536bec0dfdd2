"""The page of the command line is what the commands say now."""

from fedrota.cli.reference import render_reference
from fedrota.up.options import PartySpec, make_options, read_config


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


def test_the_file_of_settings_that_the_page_shows_can_be_read(tmp_path):
    path = tmp_path / "up.toml"
    path.write_text(render_reference().partition("```toml\n")[2].partition("```")[0])
    options = make_options(flags={}, environment={}, config=read_config(path))
    assert options.parties[0] == PartySpec(id="9999", role="guest", slots=8)
    assert options.flower is False
