"""Pages that combine domains: home, worlds, tracks, the studio, and the frame around every page.

Owns no tables and publishes nothing. Start reading at `urls.py`: a page is three hops, URL, `pages.py`, then one action
or query of a module below.
"""
