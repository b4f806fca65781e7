"""The cast, their rosters, and Bob's account."""

import pytest
from flask import Flask

from supervision.models.feeds import Privacy
from tests import factories
from tests.services.dav.steps import Desk


@pytest.fixture
def house(app: Flask) -> factories.House:
    return factories.house()


@pytest.fixture
def desk(house: factories.House) -> Desk:
    return Desk(house.bob, Privacy.PLAIN)
