"""Files in: the raw tables, and the sensor that notices new usage files."""
