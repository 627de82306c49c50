"""So that `python -m backline.config.cli` is the command where no launcher is installed."""

import sys

from backline.config.cli.main import main

if __name__ == "__main__":  # processes of a pool import this module again, under another name
    sys.exit(main())
