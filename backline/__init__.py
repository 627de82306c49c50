"""Backline: the open-source, self-hosted home for artists.

Four floors: `kernel` knows no music, `core` is what everything is about, `products` are what people use, `desks` are
where people work. Calls go down; facts go anywhere; read any table below you, write only your own. `config` alone
knows every module. Start reading at ARCHITECTURE.md.
"""

__version__ = "0.1.0"
