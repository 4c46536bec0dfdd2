"""Makes sure that the parties' tables hold the same samples in the same order, whatever their columns."""

from dataclasses import replace

import numpy as np

from fedrota.component import Context
from workers.components.alignment import align
from workers.components.frames import Frame
from workers.components.step_roles import Roles
from workers.components.tables import Samples


def align_frames(context: Context, roles: Roles, frame: Frame) -> None:
    """Compare the ids of guest and hosts by digests; InvalidInputError, at each of them, says who differs."""
    samples = Samples(ids=frame.ids, features=np.empty((len(frame), 0)), names=())
    align(context, replace(roles, arbiter=None), [("data", samples)], {})
