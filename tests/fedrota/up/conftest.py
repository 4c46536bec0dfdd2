"""A tree with the system's commands in small: real processes and sockets, nothing of the real servers."""

import textwrap
from pathlib import Path

import pytest

GATEWAY = """
    import http.server, json, os, signal, socket, sys

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"online": True, "pid": os.getpid()}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def server_bind(self):
            if os.environ.get("FEDROTA_REUSE_PORT"):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            super().server_bind()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(("127.0.0.1", int(os.environ["FEDROTA_PORT"])), Handler)
    print("gateway serves", flush=True)
    server.serve_forever()
"""
CONNECTED = """
    import os, signal, socket, sys
    from urllib.parse import urlsplit

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    link = socket.create_connection((urlsplit(os.environ["{variable}"]).hostname, urlsplit(os.environ["{variable}"]).port))
    print("{name} is up", flush=True)
    while True:
        signal.pause()
"""
BOOTSTRAP = """
    import pathlib, sys

    state = pathlib.Path(sys.argv[sys.argv.index("--state") + 1])
    (state / "token").write_text("frt_user_secret")
    for name in [word.partition(":")[0] for before, word in zip(sys.argv, sys.argv[1:]) if before == "--party"]:
        (state / "parties" / f"{name}.token").write_text("frt_worker_secret")
"""
MODULES = {
    "api/__main__.py": GATEWAY,
    "scheduler/__main__.py": CONNECTED.format(variable="FEDROTA_BROKER_URL", name="scheduler"),
    "workers/__main__.py": CONNECTED.format(variable="FEDROTA_GATEWAY_URL", name="worker"),
    "scheduler/service/bootstrap.py": BOOTSTRAP,
    "scheduler/store/migrate.py": "print('migrated')",
    "config/settings.py": "",
}


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """The root of such a tree."""
    root = tmp_path / "tree"
    for name, text in MODULES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    (root / "pyproject.toml").write_text("")
    return root
