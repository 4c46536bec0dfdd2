"""`python -m fedrota.bridge` runs the bridge."""

import sys

from fedrota.bridge.run import main

if __name__ == "__main__":
    sys.exit(main())
