"""`python -m fedrota` is the command `fedrota`."""

from fedrota.cli import main

if __name__ == "__main__":
    main()
