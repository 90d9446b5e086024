"""The demo operator: an operator folder with everything in it, made from a seed.

Each module makes one thing: the company, what it sells, its price lists, where calls go, its
customers, what they do with their phones, what goes wrong on the way, and the files.
"""

from ingestion.demo.generate import DemoSummary, write_demo

__all__ = ["DemoSummary", "write_demo"]
