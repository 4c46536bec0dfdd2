"""The component that turns a raw table into a numeric one: ids as text, a label, features without gaps."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from fedrota.component import Context, component
from workers.components.encoding import Encoding
from workers.components.fitted import parse_fit, read_fit, write_fit
from workers.components.raw_table import RawTable
from workers.components.tables import Samples, write_samples
from workers.components.transform_params import PARAMS

DISCLOSURE: Final = (
    ("the centre", "numbers of rows, features, filled values and of each label, as the task's summary", "none"),
    ("the centre, where the task fails", "names of columns, and one value that is no number; no ids", "none"),
    ("other parties", "nothing: rows, statistics and the model stay at the party", "none"),
)
FORMAT: Final = "fedrota.data_transform/1"


@component(
    "data_transform",
    params=PARAMS,
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def data_transform(context: Context) -> None:
    """Turn a table into a numeric one: an id, perhaps a label, and features without missing values.

    Text that holds numbers is read as numbers, booleans become 0 and 1. The output remembers which columns
    are id and label, so later steps need not be told. Output `model` keeps what was told and learned; with it as an
    input, a later table becomes what the first one became: the same features in the same order, gaps filled with the
    first table's statistics. Then only `id_column`, `label_required` and `duplicate_ids` are taken from the parameters.
    """
    params = context.params
    has_model = context.has_input("model")
    learned = parse_fit(context, Encoding.parse, read_fit(context, FORMAT)) if has_model else None
    id_names = [params["id_column"]] if learned is None else [learned.id_name, params["id_column"]]
    raw = RawTable.open(context, id_names=id_names).without_repeats(params["duplicate_ids"])
    if learned is not None:
        raw.check_columns(learned.features, remedy="give it the features of the table that the model was made from")
    encoding = learned or Encoding.learn(raw, params)
    filled: dict[str, int] = {}
    samples = _read_samples(raw, encoding, filled)
    write_samples(context, "data", samples)
    write_fit(context, FORMAT, encoding.to_json())
    _say_what_was_done(context, encoding, samples, filled)


def _read_samples(raw: RawTable, encoding: Encoding, filled: dict[str, int]) -> Samples:
    labels = encoding.read_labels(raw, required=raw.context.params["label_required"])
    features = [encoding.read_feature(raw, name, filled) for name in encoding.features]
    return Samples(
        ids=raw.read_ids(),
        features=np.column_stack(features) if features else np.empty((raw.table.num_rows, 0)),
        names=tuple(encoding.features),
        labels=labels,
        id_name=raw.id_name,
        label_name=encoding.label_name,
        label_whole=encoding.label_whole,
    )


def _say_what_was_done(context: Context, encoding: Encoding, samples: Samples, filled: Mapping[str, int]) -> None:
    context.log(f"{len(samples)} rows, {len(samples.names)} features")
    for name, count in filled.items():
        context.log(f"filled {count} missing values of {name!r} with {encoding.fill}")
    if samples.labels is None and encoding.label_name:
        context.log(f"no column {encoding.label_name!r}: going on without labels")
    counts = Counter() if samples.labels is None else Counter(samples.labels.tolist())
    classes = {f"{label:g}": count for label, count in sorted(counts.items())} if len(counts) <= 20 else {}
    context.summary(rows=len(samples), features=len(samples.names), filled=sum(filled.values()), labels=classes)
