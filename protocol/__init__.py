"""The trial's rules: plain Python, no framework, no clock, no database. Everything else asks it."""
