"""The Evaluate tab in the browser: photos, plan with a price, consent, run, reload, filter, downloads, deletion."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.servers import serve_demo

from browser.conftest import KEYS
from meitu_demo.domain.model import Image
from meitu_demo.domain.translations import translate
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from tools.servers import find_free_port

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def priced_demo(counting_vendor: str) -> Iterator[str]:
    prices = {"PRICE_PER_CALL": "face_fuse=0.30 CNY", "CALLS_PER_SECOND": "10", "MEITU_BASE_URL": counting_vendor}
    with serve_demo({**KEYS, **prices, "AILAB_BASE_URL": counting_vendor}) as url:
        yield url


@pytest.mark.parametrize("language", ["en", "zh"])
def test_evaluation_walk(
    visit: Callable[..., Page],
    priced_demo: str,
    counting_vendor: str,
    tmp_path: Path,
    portrait_pixels: Image,
    faceless: bytes,
    language: str,
) -> None:
    """Two photos and a file that is none, live beside offline: nothing is sent without consent, the vendor's count is
    the report's, and a reload loses nothing.
    """

    def said(key: str, **params: object) -> str:
        return translate(f"evaluation.{key}", language, **params)

    def count_charges() -> int:
        return httpx.get(f"{counting_vendor}/lab/charges").json().get("face_fuse", 0)

    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        shift = 1 + ["en", "zh"].index(language)
        archive.writestr("Anna.jpg", codec.encode(np.roll(portrait_pixels, shift, axis=0)))
        archive.writestr("notes.jpg", "no photo")
    (tmp_path / "cup.jpg").write_bytes(faceless)
    before = count_charges()
    page = visit(f"{priced_demo}?lang={language}")
    cost = page.locator("#face-fuse-run").evaluate("button => getComputedStyle(button, '::after').content")
    assert cost == f'"{translate("result.one_call_priced", language, price="0.30 CNY")}"'
    page.locator("#developer-tab-button").click()
    page.locator("#evaluation-tab-button").click()
    plan, progress, tiles = (page.locator(f"#evaluation-{part}") for part in ("plan", "progress", "sheet .sheet-tile"))
    expect(plan).to_contain_text(said("plan_no_photos"))
    files = [tmp_path / "photos.zip", tmp_path / "cup.jpg"]
    page.locator("#evaluation-photos input[type=file]").set_input_files(files)
    expect(plan).to_contain_text(said("plan", photos=2, calls=2))
    expect(plan).to_contain_text(said("refused_files", count=1))
    consent = page.locator("#evaluation-meitu-consent input")
    expect(consent).to_be_hidden()
    page.get_by_label(said("target_name_both")).check()
    expect(plan).to_contain_text(said("plan_paid", count=2, price="0.60 CNY"))
    expect(consent).to_be_visible()

    page.locator("#evaluation-run").click()
    expect(progress).to_contain_text(translate("errors.missing_consent.title", language))
    expect(progress.locator("progress")).to_have_attribute("value", "2")
    assert count_charges() == before
    consent.check()
    page.locator("#evaluation-run").click()
    expect(progress.locator("progress")).to_have_attribute("value", "4")
    expect(progress.locator(".available")).to_have_count(0)  # nothing is left to stop or to resume
    assert count_charges() - before == 1  # the cup is refused

    page.reload()
    page.locator("#evaluation-tab-button").click()
    expect(tiles).to_have_count(2)
    expect(tiles.filter(has_text="Anna.jpg").locator("figure.success img")).to_have_count(2)
    expect(tiles.filter(has_text="cup.jpg").locator(".words")).to_have_count(2)
    expect(page.locator("#evaluation-sheet .total")).to_contain_text("0.30 CNY")
    page.locator("#evaluation-controls").get_by_text(said("filter_refused"), exact=True).click()
    expect(tiles.filter(visible=True)).to_have_count(1)
    page.locator("#evaluation-controls").get_by_text(said("filter_all"), exact=True).click()

    downloads = {}
    for kind in ("html", "csv", "zip"):
        with page.expect_download() as download:
            progress.get_by_text(said(f"download_{kind}")).click()
        downloads[kind] = tmp_path / f"download.{kind}"
        download.value.save_as(downloads[kind])
    html = downloads["html"].read_text("utf-8")
    assert said("document_title") in html
    assert not re.search(r"(src|href)=\"(?!data:)|<script", html)
    assert downloads["csv"].read_text("utf-8-sig").count("\n") == 5
    with zipfile.ZipFile(downloads["zip"]) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert [name.rpartition("_")[2] for name in names] == ["offline.jpg", "live.jpg"]
        assert all(read_provenance(archive.read(name)) for name in names)

    link = progress.get_by_text(said("download_html")).get_attribute("href")
    page.locator("#delete-data").click()
    expect(page.locator("#delete-data-message")).to_contain_text(translate("delete_data.nothing", language))
    expect(tiles).to_have_count(0)
    assert httpx.get(f"{priced_demo}/{link}").status_code == 404


def test_evaluation_survives_a_restart_of_the_server(
    visit: Callable[..., Page], counting_vendor: str, tmp_path: Path, portrait_pixels: Image
) -> None:
    """The page keeps what was paid, asks for the photos again and makes the rest; nothing is paid for twice."""

    def count_charges() -> int:
        return httpx.get(f"{counting_vendor}/lab/charges").json().get("face_fuse", 0)

    files = [tmp_path / f"Anna {number}.jpg" for number in range(4)]
    for number, file in enumerate(files):
        file.write_bytes(codec.encode(np.roll(portrait_pixels, 20 + number, axis=0)))
    environ = {**KEYS, "DATA_DIR": str(tmp_path / "data"), "MEITU_BASE_URL": counting_vendor}
    port, before = find_free_port(), count_charges()
    with serve_demo({**environ, "CALLS_PER_SECOND": "0.05", "LONGEST_WAIT": "60"}, port=port) as url:
        page = visit(url)
        tiles, progress = page.locator("#evaluation-sheet .sheet-tile"), page.locator("#evaluation-progress")
        page.locator("#developer-tab-button").click()
        page.locator("#evaluation-tab-button").click()
        expect(progress).to_contain_text(translate("evaluation.empty_title", "en"))
        page.locator("#evaluation-photos input[type=file]").set_input_files(files)
        page.get_by_label(translate("evaluation.target_name_live", "en"), exact=True).check()
        consent = page.locator("#evaluation-meitu-consent input")
        consent.check()
        page.locator("#evaluation-photos").get_by_label("Clear").click()
        expect(consent).not_to_be_checked()  # it was for those photos
        page.locator("#evaluation-photos input[type=file]").set_input_files(files)
        expect(page.locator("#evaluation-plan .price")).to_be_visible()
        consent.check()
        page.locator("#evaluation-run").click()
        expect(progress.locator("progress")).not_to_have_attribute("value", "0")
        page.locator("#evaluation-stop").click()
        expect(page.locator("#evaluation-resume")).to_be_visible()
        paid = progress.locator("progress").get_attribute("value") or ""
        page.goto("about:blank")
    with serve_demo({**environ, "CALLS_PER_SECOND": "off"}, port=port):
        page.goto(url)
        page.locator("#developer-tab-button").click()
        page.locator("#evaluation-tab-button").click()
        expect(progress).to_contain_text(translate("evaluation.progress_restarted", "en"))
        expect(progress.locator("progress")).to_have_attribute("value", paid)
        expect(tiles).to_have_count(4)
        expect(tiles.filter(has_text="Anna")).to_have_count(0)
        page.locator("#evaluation-photos input[type=file]").set_input_files(files)
        expect(tiles.filter(has_text="Anna")).to_have_count(4)
        page.locator("#evaluation-resume").click()
        expect(progress.locator("progress")).to_have_attribute("value", "4")
        expect(progress).to_contain_text("4 with a picture")
        page.close()
    assert count_charges() - before == 4


@pytest.mark.parametrize("size", [(1366, 768), (1280, 720)])
def test_evaluation_has_its_run_button_in_view(
    visit: Callable[..., Page], demo: str, tmp_path: Path, faceless: bytes, size: tuple[int, int]
) -> None:
    """On a laptop, before there are photos and with many; the place for them shows our words alone."""
    files = [tmp_path / f"{number}.jpg" for number in range(8)]
    for file in files:
        file.write_bytes(faceless)
    page = visit(demo, viewport={"width": size[0], "height": size[1]})
    page.locator("#developer-tab-button").click()
    page.locator("#evaluation-tab-button").click()
    plan, run_button = page.locator("#evaluation-plan"), page.locator("#evaluation-run")
    expect(plan).to_contain_text(translate("evaluation.plan_no_photos", "en"))
    expect(run_button).to_be_in_viewport(ratio=1)
    expect(page.locator("#evaluation-photos label")).to_have_text(translate("evaluation.photos", "en"))
    expect(page.locator("#evaluation-photos [data-testid=upload-text]")).to_have_css("font-size", "0px")
    page.locator("#evaluation-photos input[type=file]").set_input_files(files)
    expect(plan).to_contain_text(translate("evaluation.plan_duplicates", "en", count=7))
    expect(run_button).to_be_in_viewport(ratio=1)


def test_too_many_bytes_are_refused_before_they_are_sent(visit: Callable[..., Page], demo: str, tmp_path: Path) -> None:
    """Two files that are small enough each: words instead of an upload."""
    files = [tmp_path / name for name in ("one.jpg", "two.jpg")]
    for file in files:
        file.write_bytes(bytes(codec.MAX_BYTES // 2 + 1))
    page = visit(demo)
    page.locator("#developer-tab-button").click()
    page.locator("#evaluation-tab-button").click()
    field = page.locator("#evaluation-photos")
    with page.expect_event("filechooser") as chooser:
        field.locator("button").first.click()
    chooser.value.set_files(files)
    expect(field.get_by_role("alert")).to_contain_text("At most 40 MB are taken at a time")
    expect(page.locator("#evaluation-plan")).to_contain_text(translate("evaluation.plan_no_photos", "en"))
