"""Pages behind a proxy that changes the server's address: its links lead there, and its forms are taken from there."""

import re
from pathlib import Path

import pytest

from beam_mcp.settings import SettingsError, load

from .test_transports_web import OWN, Site, entering, serving_site

pytestmark = pytest.mark.anyio


async def link_from(site: Site) -> str:
    """The address of a decision, as the chat hears it."""
    site.world.access.key = OWN
    task = site.world.add_task("Payment Runner", age=3600)
    async with entering(site.http, "legacy", x_api_key=OWN) as (speaker, _):
        words = await speaker.call("approve_step", task=task.custom_id)
    return re.findall(r"https?://\S+/decide/[\w-]+", words)[0]


async def test_links_and_forms_go_by_the_address_that_browsers_use(tmp_path: Path) -> None:
    async with serving_site(tmp_path, "--public-url", "https://Beam.Example:443/own/") as site:
        link = await link_from(site)
        assert link.startswith("https://beam.example/own/decide/")
        path = link.removeprefix("https://beam.example/own")
        # Some proxies hand on the Host that they were asked for, others the address by which they reach us.
        for host in ({"host": "beam.example"}, {}):
            page = await site.http.get(path, headers=host)
            form = {"mark": re.findall(r'name="mark" value="(\w+)"', page.text)[0], "choice": "approve"}
            for origin in ("https://evil.example", "https://beam.example.evil.example", "null"):
                answer = await site.http.post(path, data=form, headers={"origin": origin, **host})
                assert answer.status_code == 403, origin
        assert not site.world.acts
        answer = await site.http.post(path, data=form, headers={"origin": "https://beam.example"})
        assert answer.status_code == 303
        assert [act.kind for act in site.world.acts] == ["user-consent"]


async def test_without_it_the_refusal_names_it(tmp_path: Path) -> None:
    async with serving_site(tmp_path, "--allowed-hosts", "beam.example") as site:
        path = "/decide/" + (await link_from(site)).rpartition("/")[2]
        answer = await site.http.post(path, data={"choice": "approve"}, headers={"origin": "https://beam.example"})
        assert answer.status_code == 403
        assert "BEAM_MCP_PUBLIC_URL" in answer.text
        assert not site.world.acts


@pytest.mark.parametrize(
    "wrong",
    [
        "beam.example",
        "ftp://beam.example",
        "https://",
        "https://beam.example:99999",
        "https://beam.example?",
        "https://beam.example/#a",
        "https://me:secret@beam.example",
        "https://me@beam.example",
    ],
)
def test_what_links_cannot_be_made_of_is_refused_in_one_line_without_secrets(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^BEAM_MCP_PUBLIC_URL \(--public-url\): it ") as error:
        load({"public_url": wrong}, dotenv=tmp_path / ".env")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
