"""The component that turns a party's categories into columns of 0 and 1."""

from typing import Final

from fedrota.component import Context, component
from workers.components.categories import OneHot, find_categories
from workers.components.fitted import RUN, Kind, run_transform
from workers.components.frames import SELECTION, Frame, select_features

DISCLOSURE: Final = (
    ("the centre", "numbers of rows and features; where the task fails names of columns", "none"),
    ("other parties", "nothing: each party encodes its own columns by itself", "none"),
)


def _fit(context: Context, frame: Frame) -> OneHot:
    return OneHot(categories=find_categories(context, frame, select_features(context, frame)))


KIND: Final = Kind(format="fedrota.one_hot_encoder/1", fit=_fit, parse=OneHot.parse)


@component(
    "one_hot_encoder",
    params={**SELECTION, "run": RUN},
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def one_hot_encoder(context: Context) -> None:
    """Replace features of whole numbers or texts by a column of 0 and 1 for each value, called feature_value.

    With the input `model` of an earlier step, the columns are that step's; a value that it did not know gives zeros
    in all of them. At most 1024 values in one feature.
    """
    run_transform(context, KIND)
