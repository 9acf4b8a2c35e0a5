"""What every test may use."""

import hypothesis

from server.time_zones import use_packaged_zones

pytest_plugins = [
    "tests.support.whole_suite",
    "tests.support.postgres",
    "tests.support.second_server",
    "tests.support.deadlines",
    "tests.support.left_out",
]

use_packaged_zones()  # as every process of the service does, and before any test loads a zone

# An example may take as long as the machine lets it: how busy that is says nothing about the code.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
