"""Zipped job folders for tests."""

import io
import json
import zipfile

META = {"name": "hello", "min_clients": 2, "resource_spec": {}, "deploy_map": {"app": ["@ALL"]}}
APP = {"app/config/config_fed_server.json": "{}", "app/config/config_fed_client.json": "{}"}


def pack(files, *, folder="job"):
    """The bytes of a zip with these files (path below the folder -> text)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(f"{folder}/{path}", text)
    return made.getvalue()


def pack_job(*, folder="job", files=None, **meta):
    """A sound job, changed: `meta` replaces members, None takes one away."""
    changed = {key: value for key, value in {**META, **meta}.items() if value is not None}
    return pack({"meta.json": json.dumps(changed), **(APP if files is None else files)}, folder=folder)
