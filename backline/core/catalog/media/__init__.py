"""Everything that is known about a sound file without knowing who it belongs to.

Bytes go in, facts and files come out: what a file is (`sniff`, `probe`), what its tags say (`tags`), how it
sounds (`analysis`), its most telling thirty seconds (`hook`), the files that are streamed (`renditions`), and
the members of an album archive (`archive`). Nothing here knows Django or a database. Uploaded bytes are
hostile until proven otherwise: outside tests and benchmarks the library is reached through `worker_process`,
which runs it in a child with limits.
"""
