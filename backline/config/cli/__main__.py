"""So that `python -m backline.config.cli` is the command where no launcher is installed."""

import sys

from backline.config.cli.main import main

sys.exit(main())
