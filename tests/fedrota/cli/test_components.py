"""`fedrota components`."""

from fedrota.cli.components import list_params


def test_parameters_are_a_table(fedrota):
    out = fedrota("components", "homo_lr").out
    rows = [line.split() for line in out.splitlines()]
    assert ["rounds", "integer", ">=", "1", "required", "How", "often", "to", "average."] in rows
    assert ["optimizer", "sgd", "|", "adam", "sgd"] in rows


def test_schema_without_parameters():
    assert list_params({}) == []
    assert list_params({"properties": {"x": {"type": ["integer", "null"], "maximum": 3}}}) == [
        ["x", "integer | null <= 3", "-", ""]
    ]
