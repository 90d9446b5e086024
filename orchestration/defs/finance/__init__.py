"""What finance takes from the books each month."""
