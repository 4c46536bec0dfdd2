"""An engine as iFLearner looks from outside: an aggregator with /v1/status that never ends, and a trainer.

`.../aggregator.py -n N --epochs E --addr H:P --http_addr H:P` is the aggregator, anything else a trainer.
"""

import argparse
import json
import os
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def wait_for_a_look(asked):
    """Until the status has been asked for twice: the first may have looked too early."""
    while asked.acquire(blocking=False):
        continue
    for _ in range(2):
        asked.acquire()


def aggregate(words):
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--addr")
    parser.add_argument("--http_addr")
    args = parser.parse_args(words)
    parties = {}
    asked = threading.Semaphore(0)

    class Trainers(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                name, epoch, *watched = line.decode().split()
                complete = epoch == "done"
                parties[name] = {
                    "ready": True,
                    "complete": complete,
                    "current_epoch": args.epochs if complete else int(epoch),
                    "total_epoch": args.epochs,
                }
                if watched:
                    wait_for_a_look(asked)
                    self.wfile.write(b"seen\n")

    class Status(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(parties).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            asked.release()

        def log_message(self, *words):
            """Quiet."""

    def split(address):
        host, _, port = address.rpartition(":")
        return host, int(port)

    print("aggregator for", args.n, flush=True)
    server = socketserver.ThreadingTCPServer(split(args.addr), Trainers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ThreadingHTTPServer(split(args.http_addr), Status).serve_forever()


def train(words):
    import socket

    parser = argparse.ArgumentParser()
    parser.add_argument("--name")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--server")
    parser.add_argument("--watched", action="store_true")
    parser.add_argument("--hang", action="store_true")
    args, _ = parser.parse_known_args(words)
    print("data", os.environ["FEDROTA_DATA"], "in", os.getcwd(), "with", *words, flush=True)
    host, _, port = args.server.rpartition(":")
    with socket.create_connection((host, int(port))) as line:
        for epoch in range(1, args.epochs + 1):
            line.sendall(f"{args.name} {epoch}{' watched' * args.watched}\n".encode())
            if args.hang:
                time.sleep(3600)
            if args.watched:  # each epoch lasts until somebody has asked how far it is
                line.recv(100)
        line.sendall(f"{args.name} done\n".encode())


if __name__ == "__main__":
    if sys.argv[1].endswith("/aggregator.py"):
        aggregate(sys.argv[2:])
    else:
        train(sys.argv[1:])
