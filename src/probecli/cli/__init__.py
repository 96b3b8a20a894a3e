"""The command line: one thin file a command; options in, one call, exit code out."""
