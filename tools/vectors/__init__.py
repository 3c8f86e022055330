"""The golden vectors, a module for each log or subject; tools/make_vectors.py writes them."""
