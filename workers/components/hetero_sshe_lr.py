"""The component that trains a logistic regression of two parties on shares, so that neither sees a gradient."""

from typing import Final

from fedrota.component import Context, component
from workers.components import shared_glm
from workers.components.glm_family import LOGISTIC
from workers.components.vertical_params import PORTS

DISCLOSURE: Final = shared_glm.DISCLOSURE


@component(
    "hetero_sshe_lr",
    params=shared_glm.PARAMS,
    inputs=PORTS["inputs"],
    outputs=PORTS["outputs"],
    roles=("guest", "host"),
    exchange=True,
)
def hetero_sshe_lr(context: Context) -> None:
    """Train a logistic regression of two parties on shares: neither sees a gradient or the other's coefficients.

    One guest with 0/1 labels and one host, no arbiter. `train` must hold the same ids in the same order at both, as
    intersection leaves them; `validate` likewise, if given. Moments, weights and gradients are split into two random
    shares that only add up to them; products of shares are made under Paillier encryption. The loss is the logistic one's
    second-order Taylor polynomial.
    Optimizer is plain gradient descent. Outputs are each party's `model` (JSON: its own coefficients only) and, at
    the guest, `data`: the predictions for both inputs. Loss is logged as it was before each epoch.
    """
    shared_glm.train_shared_glm(context, LOGISTIC)
