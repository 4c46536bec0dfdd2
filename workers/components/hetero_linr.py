"""The component that trains a linear regression over parties that hold different features of the same samples."""

from typing import Final

from fedrota.component import Context, component
from workers.components import vertical_params
from workers.components.glm_family import LINEAR
from workers.components.vertical_glm import train_vertical_glm

DISCLOSURE: Final = vertical_params.DISCLOSURE


@component(
    "hetero_linr",
    params=vertical_params.PARAMS,
    inputs=vertical_params.PORTS["inputs"],
    outputs=vertical_params.PORTS["outputs"],
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def hetero_linr(context: Context) -> None:
    """Train a linear regression over parties with different features of the same samples.

    One guest with real labels, one or more hosts, perhaps an arbiter. `train` must hold the same ids in the same
    order at all parties, as intersection leaves them; `validate` likewise, if given. The loss is half the
    squared error. The parties first share the moments of their columns, encrypted with keys of
    their own; then each gets its own part of the gradient in every step. Outputs are each party's `model` (JSON: its
    own coefficients only) and, at the guest, `data`: the predictions for both inputs. Loss is logged as it was before
    each epoch.
    """
    train_vertical_glm(context, LINEAR)
