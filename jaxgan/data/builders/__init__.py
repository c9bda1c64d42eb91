"""The data sets that jaxgan builds itself, from packages or from files."""
