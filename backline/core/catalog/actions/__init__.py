"""Writes of the catalogue: receiving files (`uploads`), what artists change (`tracks`), what the job does (`processing`)."""
