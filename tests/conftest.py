"""What every test may use."""

from server.time_zones import use_packaged_zones

pytest_plugins = ["tests.support.postgres", "tests.support.second_server", "tests.support.deadlines"]

use_packaged_zones()  # as every process of the service does, and before any test loads a zone
