"""What every test shares."""

from hypothesis import settings

from tests.servers import (  # noqa: F401
    tiny_model,
    tiny_models,
    warm,
    warm_module,
    warm_worker,
)

# The same examples on every machine and run; a slow machine is no failure.
settings.register_profile("canario", derandomize=True, deadline=None, database=None)
settings.load_profile("canario")
