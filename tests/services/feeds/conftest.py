"""The cast and their rosters, for all tests of feeds."""

import pytest
from flask import Flask

from tests import factories


@pytest.fixture
def house(app: Flask) -> factories.House:
    return factories.house()
