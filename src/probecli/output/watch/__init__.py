"""The live table of `probecli watch`: what it keeps, what it shows, and the keys it knows."""
