"""Writes of the catalogue: receiving files (`uploads`), artists' changes (`tracks`), the job's work (`processing`)."""
