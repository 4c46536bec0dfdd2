"""`python -m fedrota.bridge` runs the bridge."""

import logging
import os
import sys

from fedrota.bridge.run import main

if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stderr.flush()
    # Threads of nvflare's library that stay behind must not keep the process alive.
    os._exit(status)
