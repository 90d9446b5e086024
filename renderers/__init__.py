"""Issued documents as web pages and PDF files."""
