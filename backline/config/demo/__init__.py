"""The demo scene: three artists, their covers and twelve tracks, all made by the code in this folder.

Nothing here is a recording: `songs` holds the compositions, `score` turns one into notes, `voices` and
`drums` make the sounds, `mix` balances them, `files` writes them in the formats artists really send. The
same recipe gives the same samples on every run. This half knows neither Django nor the database; start
reading at `scene`.
"""
