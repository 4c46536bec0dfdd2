"""The bar beside a transfer keeps off standard output, and off pipes."""

from fedrota.cli.transfer import transfer_bar


def test_bar_is_silent_without_a_terminal(capsys):
    with transfer_bar("breast.csv to 9999", 10) as report:
        report(4, 10)
        report(10, None)
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err == ""
