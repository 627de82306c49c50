"""Outside services that accounts hand things to, each behind a Protocol with its offline twin."""
