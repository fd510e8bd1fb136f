"""Adapters from bibliographic and other sources to records and networks; one module an origin."""
