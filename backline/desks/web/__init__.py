"""Pages that combine domains: home, worlds, tracks, the studio, and the frame around every page.

Owns no tables and publishes nothing. Start reading at `urls.py`: a page is three hops, URL, a file of
`pages/`, then one action or query of a module below. What looks and moves is in `frontend/`.
"""
