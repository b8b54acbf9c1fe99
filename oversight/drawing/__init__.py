"""Drawings: shapes with classes, scales, and the files made of them."""
