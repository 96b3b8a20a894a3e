"""Where results go: one file a format, named in `formats`, opened together by `sinks`."""
