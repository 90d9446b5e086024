"""Renders issued documents: one at a time, or a bill run's in worker processes.

A run writes `<out_dir>/<bill_date>/<document_number>.html` and `.pdf`, for business accounts the
e-invoice `.xml` (UBL) too, whose other form (CII) is inside the PDF. What stands already from the
same content and the same renderer is left alone (a manifest beside the files knows), so a
run can be repeated at will (7.4). One document that cannot be rendered does not stop the others.
"""

import gc
import hashlib
import json
import multiprocessing
import os
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from renderers import einvoice
from renderers.branding import Branding, read_branding
from renderers.einvoice import EInvoice, NotExpressible
from renderers.formatting import to_date
from renderers.pages import fill_page, renderer_version
from renderers.pdf import PdfWriter
from renderers.view import DocumentError, build_view

__all__ = [
    "Branding",
    "DocumentError",
    "RenderReport",
    "read_branding",
    "render_documents",
    "render_html",
    "render_pdf",
    "render_ubl",
]

MANIFEST = "manifest.jsonl"
E_INVOICE = ".xml"  # of the UBL file
# A worker leaks some 60 kB per render on the native side (Pango): it is replaced in time.
RENDERS_PER_WORKER = 1_000
# Documents handed to a worker at once, and batches waiting per worker: bounds the memory of a
# run whatever its length.
BATCH = 8
BATCHES_WAITING = 2

Progress = Callable[[int, int], None]
Item = tuple[str, list[dict[str, Any]]]


@dataclass
class RenderReport:
    """What a run did. `failed` and `without_e_invoice` hold document numbers with the reason:
    documents that could not be rendered, in the order given, and documents of business accounts
    that were, without e-invoice, by number. `e_invoices` counts those that have one; both hold for
    documents written and unchanged alike."""

    written: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    e_invoices: int = 0
    without_e_invoice: list[tuple[str, str]] = field(default_factory=list)


def render_html(
    document: Mapping[str, Any],
    usage: Sequence[Mapping[str, Any]] = (),
    branding: Branding | None = None,
) -> str:
    """The document as one self-contained web page.

    `document` is the canonical document, `usage` its rows of `issued_usage` in their order.
    Raises DocumentError when it cannot be shown.
    """
    branding = branding or Branding()
    view = build_view(document, usage, branding)
    template = _template_of(document)
    return fill_page(
        view, template, branding.palette, medium="screen", own=branding.templates.get(template)
    )


def render_pdf(
    document: Mapping[str, Any],
    usage: Sequence[Mapping[str, Any]] = (),
    branding: Branding | None = None,
) -> bytes:
    """The document as a PDF/A-3 file, tagged; the same document gives the same bytes. That of a
    business account embeds its e-invoice (Factur-X), unless there can be none."""
    branding = branding or Branding()
    view = build_view(document, usage, branding)
    identity = json.dumps(document, sort_keys=True, default=str)
    template = _template_of(document)
    own = branding.templates.get(template)
    invoice, _ = _e_invoice_of(document)
    cii = einvoice.cii_xml(invoice) if invoice else None
    return _pdf_writer().write(view, template, branding.palette, identity, own, cii)


def render_ubl(document: Mapping[str, Any]) -> bytes:
    """The document as a UBL file of EN 16931.

    Raises NotExpressible when the standard cannot say what the document says.
    """
    return einvoice.ubl_xml(einvoice.of_document(document))


def _e_invoice_of(document: Mapping[str, Any]) -> tuple[EInvoice | None, str | None]:
    """The e-invoice of a document, or why one that should have it has none."""
    if not einvoice.is_wanted(document):
        return None, None
    try:
        return einvoice.of_document(document), None
    except NotExpressible as fault:
        return None, str(fault)


def render_documents(
    items: Iterable[Item],
    out_dir: Path,
    *,
    branding_dir: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> RenderReport:
    """Renders documents, given as canonical JSON with their itemised usage rows.

    `items` is read as workers become free, never all at once. With `workers` below 2, or when
    there are few documents, no process is started. `progress` is called with the number of
    documents done and of those taken from `items` so far. Raises BrandingError before anything
    is written; whatever befalls a single document stands in the report.
    """
    branding = read_branding(branding_dir)
    run = _Run(out_dir, branding, progress)
    batches = _batches(run.changed(items), BATCH)
    first = next(batches, [])
    if workers < 2 or len(first) < BATCH:
        # A few documents are rendered sooner than workers start.
        for batch in chain([first], batches):
            run.take(_render_batch(batch, out_dir, branding))
    else:
        _render_in_workers(run, chain([first], batches), out_dir, branding, workers)
    return run.finish()


@dataclass(frozen=True)
class _Job:
    """One document to be written: where, and under which key the manifest will know it."""

    place: int
    number: str
    bill_date: str
    key: str
    document: str
    usage: list[dict[str, Any]]


@dataclass(frozen=True)
class _Outcome:
    place: int
    number: str
    bill_date: str
    key: str
    sizes: dict[str, int] | None
    error: str | None
    without_e_invoice: str | None = None


class _Run:
    """What a run knows in the calling process: manifests, counts, failures."""

    def __init__(self, out_dir: Path, branding: Branding, progress: Progress | None) -> None:
        self._out_dir = out_dir
        self._branding = branding
        self._progress = progress
        self._manifests: dict[str, dict[str, dict[str, Any]]] = {}
        self._report = RenderReport()
        self._failed: list[tuple[int, str, str]] = []
        self._taken = 0
        self._done = 0

    def changed(self, items: Iterable[Item]) -> Iterator[_Job]:
        """The jobs of those documents that do not stand yet as they should."""
        salt = f"{renderer_version()}\n{self._branding.digest}\n"
        for place, (text, usage) in enumerate(items):
            self._taken += 1
            number = f"document {place + 1}"
            try:
                document = json.loads(text, parse_float=Decimal)
                number = str(document["document_number"])
                bill_date = to_date(document["bill_date"]).isoformat()
                file_name(number)
            except (KeyError, TypeError, ValueError) as error:
                self._fail(place, number, f"not a document: {type(error).__name__}: {error}")
                continue
            key = _content_key(salt, text, usage)
            known = self._manifest(bill_date).get(number)
            if known is not None and known["key"] == key and self._stands(bill_date, known):
                self._report.unchanged += 1
                self._note_e_invoice(known)
                self._advance(1)
                continue
            yield _Job(place, number, bill_date, key, text, usage)

    def take(self, outcomes: Iterable[_Outcome]) -> None:
        """Notes what became of a batch; the manifest learns of a document after its files."""
        for outcome in outcomes:
            if outcome.error is not None or outcome.sizes is None:
                self._fail(outcome.place, outcome.number, outcome.error or "nothing was written")
                continue
            entry: dict[str, Any] = {
                "number": outcome.number, "key": outcome.key, "sizes": outcome.sizes,
            }  # fmt: skip
            if outcome.without_e_invoice is not None:
                entry["without_e_invoice"] = outcome.without_e_invoice
            self._manifest(outcome.bill_date)[outcome.number] = entry
            path = self._out_dir / outcome.bill_date / MANIFEST
            with path.open("a", encoding="utf-8") as manifest:
                manifest.write(_manifest_line(entry))
            self._report.written += 1
            self._note_e_invoice(entry)
            self._advance(1)

    def finish(self) -> RenderReport:
        """The report, failures in the order in which the documents came."""
        self._report.failed = [(number, error) for _, number, error in sorted(self._failed)]
        self._report.without_e_invoice.sort()
        return self._report

    def _note_e_invoice(self, entry: Mapping[str, Any]) -> None:
        if any(name.endswith(E_INVOICE) for name in entry["sizes"]):
            self._report.e_invoices += 1
        reason = entry.get("without_e_invoice")
        if reason is not None:
            self._report.without_e_invoice.append((entry["number"], reason))

    def _fail(self, place: int, number: str, error: str) -> None:
        self._failed.append((place, number, error))
        self._advance(1)

    def _advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._taken)

    def _manifest(self, bill_date: str) -> dict[str, dict[str, Any]]:
        known = self._manifests.get(bill_date)
        if known is None:
            known = self._manifests[bill_date] = _read_manifest(
                self._out_dir / bill_date / MANIFEST
            )
        return known

    def _stands(self, bill_date: str, entry: Mapping[str, Any]) -> bool:
        for name, size in entry["sizes"].items():
            try:
                if (self._out_dir / bill_date / name).stat().st_size != size:
                    return False
            except OSError:
                return False
        return True


def _render_in_workers(
    run: _Run, batches: Iterator[list[_Job]], out_dir: Path, branding: Branding, workers: int
) -> None:
    waiting: dict[Future[list[_Outcome]], list[_Job]] = {}
    pool = _new_pool(workers)
    try:
        while True:
            lost: list[_Job] = []
            for batch in islice(batches, workers * BATCHES_WAITING - len(waiting)):
                try:
                    waiting[pool.submit(_render_batch, batch, out_dir, branding)] = batch
                except BrokenProcessPool:
                    lost.extend(batch)
            if not waiting and not lost:
                break
            done = wait(waiting, return_when=FIRST_COMPLETED).done if not lost else set(waiting)
            for future in done:
                batch = waiting.pop(future)
                try:
                    run.take(future.result())
                except BrokenProcessPool:
                    lost.extend(batch)
            if lost:
                # A worker died (out of memory, killed), and with it the pool: what was under way
                # is tried one by one, so that only the document at fault is reported.
                for batch in waiting.values():
                    lost.extend(batch)
                waiting.clear()
                pool.shutdown(wait=False, cancel_futures=True)
                _render_one_by_one(run, sorted(lost, key=lambda job: job.place), out_dir, branding)
                pool = _new_pool(workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _render_one_by_one(run: _Run, jobs: Sequence[_Job], out_dir: Path, branding: Branding) -> None:
    """Each document in a process of its own. Raises RuntimeError when none of them can be
    rendered so: then it is not a document that kills workers."""
    died = 0
    for place, job in enumerate(jobs):
        with _new_pool(1) as pool:
            try:
                run.take(pool.submit(_render_batch, [job], out_dir, branding).result())
            except BrokenProcessPool as error:
                died += 1
                if died == 3 and place == 2:
                    raise RuntimeError("rendering workers die as soon as they start") from error
                reason = "the process that rendered it died"
                run.take([_Outcome(job.place, job.number, job.bill_date, job.key, None, reason)])


def _new_pool(workers: int) -> ProcessPoolExecutor:
    # spawn: a forked child would inherit the warehouse's open file and the threads' locks.
    return ProcessPoolExecutor(
        max_workers=workers,
        initializer=_prepare_worker,
        mp_context=multiprocessing.get_context("spawn"),
        max_tasks_per_child=RENDERS_PER_WORKER // BATCH,
    )


def _prepare_worker() -> None:
    """What stands now stays for the life of the worker: the collector need not look at it again,
    and it runs between batches only."""
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    _pdf_writer()
    gc.freeze()
    gc.disable()


def _end_with_the_run() -> None:
    """Workers hold both ends of the queue that they wait at, so they would wait for ever when the
    run that started them is killed."""
    run = multiprocessing.parent_process()
    if run is not None:
        run.join()
        os._exit(1)


def _render_batch(batch: list[_Job], out_dir: Path, branding: Branding) -> list[_Outcome]:
    """Renders and writes documents one after the other; runs in a worker."""
    outcomes = []
    for job in batch:
        sizes, error, without = None, None, None
        try:
            sizes, without = _write_document(job, out_dir, branding)
        except Exception as fault:  # whatever it is, it concerns this document only
            error = f"{type(fault).__name__}: {fault}"
        outcomes.append(
            _Outcome(job.place, job.number, job.bill_date, job.key, sizes, error, without)
        )
    gc.collect()
    return outcomes


def _write_document(
    job: _Job, out_dir: Path, branding: Branding
) -> tuple[dict[str, int], str | None]:
    """Writes the files of a document: their sizes by name, and why there is no e-invoice."""
    document = json.loads(job.document, parse_float=Decimal)
    view = build_view(document, job.usage, branding)
    template = _template_of(document)
    own = branding.templates.get(template)
    invoice, without = _e_invoice_of(document)
    cii = einvoice.cii_xml(invoice) if invoice else None
    page = fill_page(view, template, branding.palette, medium="screen", own=own).encode()
    pdf = _pdf_writer().write(view, template, branding.palette, job.document, own, cii)
    files = {".html": page, ".pdf": pdf}
    if invoice:
        files[E_INVOICE] = einvoice.ubl_xml(invoice)
    folder = out_dir / job.bill_date
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for suffix, content in files.items():
        name = file_name(job.number) + suffix
        _write_atomically(folder / name, content)
        sizes[name] = len(content)
    if without is not None:
        # One from an earlier run does not say what is said now.
        (folder / (file_name(job.number) + E_INVOICE)).unlink(missing_ok=True)
    return sizes, without


def _write_atomically(path: Path, content: bytes) -> None:
    """The whole file or the old one. It is not forced to the disk: what a power cut takes has
    not the size that the manifest knows, and is written again."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def file_name(number: str) -> str:
    """A document number as a file name; characters that a path cannot hold are escaped."""
    name = urllib.parse.quote(number, safe=" +,()")
    if not name or name.startswith(".") or len(name) > 120:
        raise ValueError(f"not usable as a file name: {number!r}")
    return name


def _template_of(document: Mapping[str, Any]) -> str:
    return str(document.get("template"))


def _content_key(salt: str, document: str, usage: Sequence[Mapping[str, Any]]) -> str:
    digest = hashlib.sha256(salt.encode())
    digest.update(document.encode())
    for row in usage:
        digest.update(repr(sorted((key, str(value)) for key, value in row.items())).encode())
    return digest.hexdigest()


def _read_manifest(path: Path) -> dict[str, dict[str, Any]]:
    """The last entry of each document. A line torn by a crash, or lines that later ones replace,
    are cleared away."""
    entries: dict[str, dict[str, Any]] = {}
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return entries
    lines = content.splitlines()
    for line in lines:
        try:
            entry = json.loads(line)
            entries[entry["number"]] = entry
        except (ValueError, KeyError, TypeError):
            continue
    if len(entries) < len(lines) or not content.endswith(b"\n"):
        kept = "".join(_manifest_line(entry) for entry in entries.values())
        _write_atomically(path, kept.encode())
    return entries


def _manifest_line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _batches(jobs: Iterator[_Job], size: int) -> Iterator[list[_Job]]:
    while batch := list(islice(jobs, size)):
        yield batch


@lru_cache(maxsize=1)
def _pdf_writer() -> PdfWriter:
    """This process's writer: fonts and sheets are read once."""
    return PdfWriter()
