"""What everything is about: the artist, the tracks, and who may hear which bytes."""
