import json

import pytest

from fedrota.component import InvalidInputError, component
from tests.workers.components.tabular import run_one
from workers.components.model_files import describe_origin, make_damage, read_model_file, write_model_file

TABLE = {"id": ["a"], "x": [1]}


@component("writes", inputs={"data": "table"}, outputs={"model": "model"})
def writes(context):
    """Write a model."""
    write_model_file(
        context, {"format": "f/1", "features": ["größe"], "training": describe_origin(context)}, features=1
    )


def test_a_model_is_readable_text_whose_format_is_known_without_it():
    result = run_one(writes, TABLE)
    text = result.output("model").read_text(encoding="utf-8")
    assert "größe" in text
    assert json.loads(text)["training"] == {"job": "simulation", "step": "writes", "attempt": 1}
    assert result.outputs["model"].facts == {"format": "f/1", "features": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "is no JSON file"), ("[1]", "names no `format`"), ('{"features": []}', "names no `format`")],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, text, reason):
    path = tmp_path / "model"
    path.write_text(text)

    @component("reads", inputs={"data": "table"})
    def reads(context):
        """Read."""
        read_model_file(context, path)

    with pytest.raises(InvalidInputError, match=f"the model of party 9999 {reason}"):
        run_one(reads, TABLE)


def test_damage_names_the_party_and_what_is_wrong():
    @component("fails", inputs={"data": "table"})
    def fails(context):
        """Fail."""
        raise make_damage(context, KeyError("features"))

    with pytest.raises(InvalidInputError, match="the model of party 9999 lacks or garbles 'features': connect"):
        run_one(fails, TABLE)


def test_numbers_that_json_does_not_know_are_never_written():
    @component("breaks", inputs={"data": "table"}, outputs={"model": "model"})
    def breaks(context):
        """Write NaN."""
        write_model_file(context, {"format": "f/1", "x": float("nan")})

    with pytest.raises(ValueError, match="Out of range float"):
        run_one(breaks, TABLE)
