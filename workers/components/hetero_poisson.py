"""The component that trains a Poisson regression over two parties that hold different features of the same samples."""

from typing import Final

from fedrota.component import Context, component
from workers.components import vertical_params
from workers.components.glm_family import POISSON
from workers.components.vertical_glm import train_vertical_glm

DISCLOSURE: Final = vertical_params.DISCLOSURE


@component(
    "hetero_poisson",
    params=vertical_params.PARAMS,
    inputs=vertical_params.PORTS["inputs"],
    outputs=vertical_params.PORTS["outputs"],
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def hetero_poisson(context: Context) -> None:
    """Train a Poisson regression over two parties with different features of the same samples.

    One guest with counts (0, 1, 2, ...) as labels, one host, perhaps an arbiter. `train` must hold the same ids in the
    same order at both, as intersection leaves them; `validate` likewise, if given. The predicted rate is e^score. In
    each step the parties send each other their encrypted factors of every sample's rate, so a step costs an
    encryption per sample. Outputs are each party's `model` (JSON: its
    own coefficients only) and, at the guest, `data`: the predictions for both inputs. Loss is logged as it was before
    each epoch.
    """
    train_vertical_glm(context, POISSON)
