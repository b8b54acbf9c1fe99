"""Figures and tables: rows in, numbers out. One function a figure; nothing here asks the database."""
