"""The command `backline`: everything an operator does, by hand or by a service file.

`up` is what `make run` starts; the other commands are its parts, and the chores: an admin, a backup, a look
at what is configured. Only commands that need Django load it, so that `doctor` answers where Django would
not start. Begin reading at `main.py`.
"""

from backline.config.cli.main import main

__all__ = ["main"]
