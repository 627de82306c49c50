"""Settings, addresses, the two server faces and the command line: the only place that knows every module."""
