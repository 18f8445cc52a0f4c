import pytest

from tests.components.ingest.helpers import Workshop


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)
