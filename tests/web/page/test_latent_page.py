"""The page leaves out what the latent space of a model does not allow, and says why."""

import dataclasses

import pytest
import torch
from explorer import CODE, stage, until, wait_for_caption
from tiny_models import Discrete, Generator

from vaekit.runs import load_run
from vaekit.web.app import PAGE
from vaekit.web.run_view import view_run


@pytest.fixture(scope="module")
def addresses(folders, serving):
    """Addresses of the page of a model with discrete codes, and of one without an encoder."""
    torch.manual_seed(0)
    run = load_run(folders["digits"])
    views = [
        view_run(dataclasses.replace(run, model=kind().eval())) for kind in (Discrete, Generator)
    ]
    with serving(views, folder=PAGE) as found:
        yield [f"{found.url}#run={index}" for index in (0, 1)]


def tabs(page):
    return page.get_by_role("tab").all_inner_texts()


def test_discrete_codes_have_rows_and_samples_but_no_map(visit, addresses):
    page = visit(f"{addresses[0]}&tab=walk")
    page.get_by_text("The codes of this model are discrete").wait_for()
    assert page.locator(".stage, .slider, .map-bar").count() == 0
    assert page.get_by_label("Temperature").count() == 0
    assert tabs(page) == ["Rows", "Compare"]
    page.get_by_label("Row", exact=True).fill("7")
    page.get_by_label("Row", exact=True).press("Enter")
    page.locator(".panel:visible .figures canvas").nth(7).wait_for()
    page.get_by_text("Mode", exact=True).wait_for()
    wait_for_caption(page, "as set")
    page.get_by_role("button", name="Sample the prior").click()
    until(page, "/z=[0-3],[0-3],[0-3]/.test(location.hash)")
    page.get_by_role("tab", name="Compare").click()
    page.locator(".side", has_text="This model has no encoder").wait_for()
    page.locator(".side figure").nth(4).wait_for()
    assert page.locator(".message").count() == 0


def test_without_an_encoder_the_plane_is_walked_through(visit, addresses):
    page = visit(addresses[1])
    page.get_by_text("This model has no encoder").wait_for()
    assert tabs(page) == ["Interpolate", "Arithmetic"]
    x, y = stage(page)
    page.get_by_label("Decoded plane").check()
    page.mouse.move(x + 40, y - 40, steps=4)
    wait_for_caption(page, "Under the pointer")
    page.mouse.click(x + 60, y - 50)
    until(page, f"({CODE})() !== '0.00,0.00'")
    page.get_by_role("combobox", name="To", exact=True).select_option("The code set now")
    page.locator(".panel:visible .figures canvas").nth(13).wait_for()
    page.get_by_role("tab", name="Arithmetic").click()
    page.locator(".panel:visible .figures canvas").nth(3).wait_for()
    assert page.locator(".message").count() == 0
