"""A run of documents: skipping, failing, surviving."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from renderers import rendering
from renderers.branding import BrandingError
from renderers.rendering import RenderReport, file_name, render_documents
from tests.renderers import samples
from tests.renderers.samples import canonical


def items(count: int = 3) -> list[tuple[str, list[samples.UsageRow]]]:
    result = []
    for place in range(count):
        document = samples.one_line()
        document["document_number"] = f"F2026-{place:08d}"
        result.append((canonical(document), []))
    return result


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """PDF files without a layout: these tests are about the run. Returns what was written."""
    written: list[str] = []

    class Writer:
        def write(
            self,
            view: object,
            template: str,
            palette: object,
            identity: str,
            own: object,
            invoice: bytes | None,
        ) -> bytes:
            written.append(view.number)  # type: ignore[attr-defined]
            return b"%PDF " + identity.encode()

    monkeypatch.setattr(rendering, "_pdf_writer", Writer)
    return written


def test_a_run_writes_both_files_under_the_bill_date(tmp_path: Path, fast: list[str]) -> None:
    progress: list[tuple[int, int]] = []
    report = render_documents(
        items(), tmp_path, progress=lambda done, taken: progress.append((done, taken))
    )
    assert report == RenderReport(written=3)
    assert files(tmp_path) == [
        "F2026-00000000.html", "F2026-00000000.pdf", "F2026-00000001.html",
        "F2026-00000001.pdf", "F2026-00000002.html", "F2026-00000002.pdf", "manifest.jsonl",
    ]  # fmt: skip
    assert (tmp_path / "2026-12-01" / "F2026-00000000.pdf").exists()
    assert progress[-1] == (3, 3)


def test_a_repeated_run_writes_nothing(tmp_path: Path, fast: list[str]) -> None:
    render_documents(items(), tmp_path)
    fast.clear()
    assert render_documents(items(), tmp_path) == RenderReport(unchanged=3)
    assert fast == []


def test_changed_content_usage_looks_or_files_are_written_again(
    tmp_path: Path, fast: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    render_documents(items(), out)
    changed = items()
    document = json.loads(changed[1][0])
    document["account"]["name"] = "Autre"
    changed[1] = (canonical(document), [])
    assert render_documents(changed, out) == RenderReport(written=1, unchanged=2)
    (out / "2026-12-01" / "F2026-00000000.html").unlink()
    assert render_documents(changed, out) == RenderReport(written=1, unchanged=2)
    branding = tmp_path / "branding"
    branding.mkdir()
    (branding / "brand.yaml").write_text("name: Ondine")
    assert render_documents(changed, out, branding_dir=branding).written == 3
    monkeypatch.setattr(rendering, "renderer_version", lambda: "next")
    assert render_documents(changed, out, branding_dir=branding).written == 3


def test_a_torn_manifest_line_is_passed_over(tmp_path: Path, fast: list[str]) -> None:
    render_documents(items(), tmp_path)
    manifest = tmp_path / "2026-12-01" / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert render_documents(items(), tmp_path) == RenderReport(written=1, unchanged=2)
    assert render_documents(items(), tmp_path) == RenderReport(unchanged=3)


def test_failing_documents_are_named_and_stop_no_other(tmp_path: Path, fast: list[str]) -> None:
    run = items()
    broken = json.loads(run[1][0])
    broken["lines"][0]["amount_net"] = "five"
    run[1] = (canonical(broken), [])
    run.insert(0, ("not json", []))
    run.append(('{"document_number": "../../x", "bill_date": "2026-12-01"}', []))
    report = render_documents(run, tmp_path)
    assert report.written == 2
    assert [number for number, _ in report.failed] == ["document 1", "F2026-00000001", "../../x"]
    assert "F2026-00000001.pdf" not in files(tmp_path)
    # What failed is tried again, what stands is not.
    assert render_documents(run, tmp_path).unchanged == 2


def test_a_crash_leaves_the_old_file_and_no_rest(
    tmp_path: Path, fast: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    render_documents(items(1), tmp_path)
    page = tmp_path / "2026-12-01" / "F2026-00000000.html"
    before = page.read_bytes()
    document = json.loads(items(1)[0][0])
    document["account"]["name"] = "Autre"

    def fail(source: object, target: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    report = render_documents([(canonical(document), [])], tmp_path)
    assert report.failed == [("F2026-00000000", "OSError: disk full")]
    assert page.read_bytes() == before
    assert files(tmp_path) == ["F2026-00000000.html", "F2026-00000000.pdf", "manifest.jsonl"]


def test_unusable_branding_stops_before_anything_is_written(tmp_path: Path) -> None:
    branding = tmp_path / "branding"
    branding.mkdir()
    (branding / "brand.yaml").write_text("colour: 1")
    with pytest.raises(BrandingError):
        render_documents(items(), tmp_path / "out", branding_dir=branding)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", ["", "..", "../x", ".hidden", "a" * 200])
def test_numbers_cannot_leave_their_folder(number: str) -> None:
    with pytest.raises(ValueError, match="not usable"):
        file_name(number)


def test_numbers_with_slashes_stay_apart() -> None:
    assert file_name("F/2026/1") != file_name("F-2026-1")
    assert file_name("F2026-00000001") == "F2026-00000001"


def test_workers_give_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "BATCH", 1)
    run = items(2)
    run.insert(1, ('{"document_number": "F-bad", "bill_date": "2026-12-01"}', []))
    parallel = render_documents(iter(run), tmp_path / "parallel", workers=2)
    alone = render_documents(iter(run), tmp_path / "alone", workers=1)
    assert parallel == alone
    assert parallel.written == 2 and [number for number, _ in parallel.failed] == ["F-bad"]
    for name in files(tmp_path / "alone"):
        if name != "manifest.jsonl":
            assert (tmp_path / "alone" / "2026-12-01" / name).read_bytes() == (
                tmp_path / "parallel" / "2026-12-01" / name
            ).read_bytes()


RUN = """
import sys
from pathlib import Path
from renderers.rendering import render_documents
from tests.renderers.test_rendering import items

if __name__ == "__main__":
    render_documents(
        items(400), Path(sys.argv[1]), workers=2, progress=lambda done, _: print(done, flush=True)
    )
"""


def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN, encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.stdout is not None
    run.stdout.readline()  # workers are at work
    run.kill()
    run.wait()
    run.stdout.close()
    for _ in range(600):
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGKILL)
    raise AssertionError("workers outlived their run by a minute")
