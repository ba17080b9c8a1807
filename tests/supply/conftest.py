import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `.ci/supply` built by the Dockerfile, to be looked into instead of the installation that runs the tests."""
    parser.addoption("--image", help="folder that holds what the image has at /opt/beam-mcp")
