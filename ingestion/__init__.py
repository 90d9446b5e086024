"""Files in: validates an operator folder, decodes usage feeds and fills the raw tables."""
