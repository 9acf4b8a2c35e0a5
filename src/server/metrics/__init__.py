"""What the process counts and times, for Prometheus. Nothing outside of this package knows the library.

Labels hold names of ours only: methods, codes, routes, kinds. Whatever a caller, a provider or an expert may choose is
no label, since each value is a series that is kept for good.
"""
