"""Files on their way in, by the tus protocol: in pieces, resumable, never wholly in memory, without Django.

A grant (a signed token) says which upload, whose, how large and until when. What has arrived lies in one
file per upload; its length is the offset, so nothing else needs to be remembered and a killed process loses
nothing. When the last byte is there the catalogue is asked to take the file. Start reading at `tus.py`.
"""
