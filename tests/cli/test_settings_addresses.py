"""Which addresses Beam may have."""

import pytest

from .conftest import Enter


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:1", "https://beam.example/"])
def test_plain_http_is_for_loopback_only(enter: Enter, url: str) -> None:
    assert enter(BEAM_API_URL=url).api_url == url.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "beam.example/beam-gateway-v2-internal/2024-10-01-preview",
        "beam.example/7d0c1f3a-52be-4c1d-9e07-1f6a2b3c4d5e",
        "k8s-beam-a1b2c3d4e5f6g7h8.elb.eu-central-1.example.com",
        "beam-gateway-internal-v2:8443",
    ],
)
def test_what_only_has_versions_dates_ids_or_a_providers_host_is_no_key(enter: Enter, address: str) -> None:
    assert enter(BEAM_API_URL=f"https://{address}").api_url == f"https://{address}"
