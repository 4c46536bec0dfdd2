"""Runs this site's part of one job with FLARE's own client, until the server's party says that it is over."""

import json
import sys
import time
from pathlib import Path
from typing import Final

from workers.flare.child import Child, ChildDiedError
from workers.flare.forks import Forks
from workers.flare.kit import ORG, KitError, unpack_kit
from workers.flare.news import END, ORDER, VERDICT, write_mark
from workers.flare.pack import find_last_error, pack_folder

LOOK_S: Final = 0.1
QUIET_S: Final = 5.0
"""So long a job's process may take to end by itself once the job is over."""
OURS: Final = frozenset({"startup", "local", "transfer"})


def main(forks: Forks) -> None:
    """Join with the kit in this folder; exit status 0 once the job is over."""
    place = Path.cwd()
    order = json.loads((place / ORDER).read_text())
    site = place / "site"
    try:
        unpack_kit(place / order["kit"], site)
        child = Child("client", site, forks=forks, variables=[f"uid={order['site']}", f"org={ORG}"])
        try:
            while not (place / END).exists():
                child.check()
                time.sleep(LOOK_S)
            child.wait_until_quiet(QUIET_S)
        finally:
            child.end()
    except (ChildDiedError, KitError) as wrong:
        reason = find_last_error(place)
        write_mark(place / VERDICT, {"kind": "error", "message": f"{wrong}: {reason}" if reason else str(wrong)})
        sys.exit(1)
    pack_folder(site, Path(order["output"]), without=OURS)
