"""Where results go: one file a format, `formats.FORMATS` names them, `sinks.open_sinks` opens them."""
