"""What tasks left comes from their parties as they reported it, or not at all."""

import io

import pytest
from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.output_files import copy_output, name_output
from api.party_calls import GarbledAnswerError
from scheduler.store.queries.tracking import OutputView, Where
from tests.api.hostile import EndlessHub

WHERE = Where(step="s", role="server", party="9999", attempt=1, task="t")
OUTPUT = OutputView(where=WHERE, name="o", kind="file", size=250, sha256="ab", facts={}, seq=1)


def test_an_output_is_named_as_its_party_knows_it():
    assert name_output(OUTPUT) == {"task": "t", "seq": 1, "name": "o"}


async def test_no_more_is_read_of_an_output_than_was_reported():
    app, hub, file = web.Application(), EndlessHub(b"x" * 100), io.BytesIO()
    app[CHANNEL_HUB] = hub
    with pytest.raises(GarbledAnswerError, match=r"sent s\.o otherwise than it was written"):
        await copy_output(app, OUTPUT, file)
    assert (hub.sent, file.tell()) == (3, 200)
