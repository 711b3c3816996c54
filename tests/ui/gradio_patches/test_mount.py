"""The version of Gradio that the patches were written for, and the one entry that installs them."""

import logging
import re
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from gradio import route_utils

from meitu_demo.ui.gradio_patches import PATCHED_GRADIO, mount, uploads

pytestmark = pytest.mark.gradio_internals
PROJECT = Path(__file__).resolve().parents[3]


def test_patches_are_for_the_gradio_that_is_pinned_and_installed() -> None:
    """After an upgrade this fails first: run these tests against the new version, then change `PATCHED_GRADIO`."""
    pinned = re.findall(r"^gradio==(\S+)", (PROJECT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert [gr.__version__, *pinned] == [PATCHED_GRADIO] * 2


def test_mount_warns_about_another_version_of_gradio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names both versions; with the right version it says nothing."""
    caplog.set_level(logging.WARNING, mount.log.name)

    def mount_a_page() -> list[str]:
        with gr.Blocks(analytics_enabled=False) as blocks:
            gr.HTML("text")
        caplog.clear()
        mount.mount_patched(FastAPI(), blocks, tmp_path)
        return [record.getMessage() for record in caplog.records if record.name == mount.log.name]

    assert mount_a_page() == []
    assert route_utils.GradioUploadFile is uploads.IsolatedUpload
    monkeypatch.setattr(mount, "PATCHED_GRADIO", "5.0.0")
    (message,) = mount_a_page()
    assert gr.__version__ in message
    assert "5.0.0" in message
