"""Plays a trainer whose second thread asks for news at the moment it uploads: `python race.py AGGREGATOR.PY`.

Runs with the engine's interpreter; prints how long after the upload's begin the average came, in seconds.
"""

import importlib.util
import sys
import time

from iflearner.business.homo.strategy.fedavg_server import FedavgServer
from iflearner.communication.base import base_pb2
from iflearner.communication.homo import homo_pb2, homo_server, message_type

spec = importlib.util.spec_from_file_location("aggregator", sys.argv[1])
aggregator = importlib.util.module_from_spec(spec)
spec.loader.exec_module(aggregator)
aggregator.hold_news(homo_server.HomoServer, aggregator.Uploads())

server = homo_server.HomoServer(FedavgServer(1, 2))


def ask(kind="", data=None):
    """One request of the trainer."""
    return base_pb2.BaseRequest(party_name="a", type=kind, data=data.SerializeToString() if data else b"")


server.send(ask(message_type.MSG_REGISTER, homo_pb2.RegistrationInfo(sample_num=1, step_num=1)), None)
server.send(ask(message_type.MSG_CLIENT_READY), None)
assert server.callback(ask(), None).type == message_type.MSG_NOTIFY_TRAINING
since = time.monotonic()
weights = {"w": homo_pb2.Parameter(shape=[1], values=[0.5])}
answer = server.post(ask(message_type.MSG_UPLOAD_PARAM, homo_pb2.UploadParam(epoch=1, parameters=weights)), None)
assert answer.code == 0, answer
news = server.callback(ask(), None)
assert news.type == message_type.MSG_AGGREGATE_RESULT, news
print(f"waited {time.monotonic() - since:.3f}")
