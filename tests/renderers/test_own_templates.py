"""An operator's own blocks and styles: used, sandboxed, and part of what a document depends on."""

import re
from pathlib import Path

import pytest

from renderers.branding import TEMPLATES, TemplateError, read_branding
from renderers.pages import TEMPLATE_VERSIONS
from renderers.rendering import render_documents, render_html, render_pdf
from tests.renderers import samples
from tests.renderers.browser import Visit
from tests.renderers.text import page_text, pdf_text
from tests.renderers.watching import watched

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "documents.md"
NOTICE = """\
{% extends "document" %}
{% block notice %}
<section class="panel shop-notice"><h2>Boutique de {{ view.recipient[-1] }}</h2>
<p>Ouverte le dimanche. {{ amount(view.headline.amount) }}</p></section>
{% endblock %}
{% block help %}{{ super() }}<p>Aussi sur place.</p>{% endblock %}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "branding" / "templates" / "v2"
    folder.mkdir(parents=True)
    return folder


def test_blocks_are_replaced_or_added_to_in_both_media(own: Path) -> None:
    (own / "document.html.j2").write_text(NOTICE)
    (own / "style.css").write_text(".shop-notice { margin-bottom: 5mm; color: #123456; }")
    branding = read_branding(own.parents[1])
    document = samples.small()
    page = render_html(document, branding=branding)
    for text in (page_text(page), pdf_text(render_pdf(document, branding=branding))):
        assert "Boutique de 59000 Lille" in text and "Ouverte le dimanche. 9,59 €" in text
        assert "Contester un montant" in text and "Aussi sur place." in text
    assert "#123456" in page
    assert "Boutique" not in render_html(document)


def documented(language: str, place: int = 0) -> str:
    """An example of docs/documents.md."""
    text = DOCUMENTATION.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[place]


def test_the_documented_example_works(own: Path) -> None:
    (own / "document.html.j2").write_text(documented("jinja"))
    (own / "style.css").write_text(documented("css"))
    (own.parents[1] / "brand.yaml").write_text(documented("yaml"))
    branding = read_branding(own.parents[1])
    document = samples.small()
    for text in (
        page_text(render_html(document, branding=branding)),
        pdf_text(render_pdf(document, branding=branding)),
    ):
        assert "Nos boutiques" in text and "Mobilis, service clients" in text


def test_the_documented_blocks_are_those_of_the_template() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    (sentence,) = re.findall(r"Blocks, in the order of the page: (.*?)\. `view`", text)
    (source,) = (TEMPLATES / f"v{TEMPLATE_VERSIONS[-1]}").glob("document.html.j2")
    blocks = re.findall(r"{%-? block (\w+)", source.read_text(encoding="utf-8"))
    assert set(re.findall(r"`(\w+)`", sentence)) == set(blocks)


def test_documents_of_another_version_keep_their_look(own: Path) -> None:
    (own / "document.html.j2").write_text(NOTICE)
    branding = read_branding(own.parents[1])
    document = samples.small()
    document["template"] = "1"
    assert render_html(document, branding=branding) == render_html(document)


def test_a_changed_template_renders_documents_anew(own: Path, tmp_path: Path) -> None:
    folder = own.parents[1]
    items = [(samples.canonical(samples.one_line()), [])]

    def run() -> int:
        return render_documents(items, tmp_path / "out", branding_dir=folder).written

    (own / "document.html.j2").write_text(NOTICE)
    assert (run(), run()) == (1, 0)
    (own / "document.html.j2").write_text(NOTICE.replace("dimanche", "lundi"))
    assert (run(), run()) == (1, 0)
    (own / "style.css").write_text("h1 { color: red }")
    assert (run(), run()) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        "{% include '/etc/passwd' %}",
        "{% include '../../../../../../etc/passwd' %}",
        "{% extends 'own' %}",
        "{% import 'os' as os %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ say.__init__.__globals__ }}",
        "{{ view.__class__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ say.texts.clear() }}",
        "{{ say.texts.update(imprint='x') }}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{{ nothing }}",
    ],
)
def test_a_template_reaches_nothing_but_the_page(text: str, own: Path) -> None:
    (own / "document.html.j2").write_text(
        f'{{% extends "document" %}}{{% block notice %}}{text}{{% endblock %}}'
        if "extends" not in text
        else text
    )
    branding = read_branding(own.parents[1])
    with pytest.raises(TemplateError, match=r"v2/document\.html\.j2(:1)?: "):
        render_html(samples.small(), branding=branding)
    assert "Informations légales" in page_text(render_html(samples.small()))


def test_a_fault_is_named_with_its_line(own: Path) -> None:
    (own / "document.html.j2").write_text(
        '{% extends "document" %}\n{% block notice %}\n{{ view.nothing_such }}\n{% endblock %}'
    )
    branding = read_branding(own.parents[1])
    with pytest.raises(TemplateError, match=r"v2/document\.html\.j2:3: .*nothing_such"):
        render_html(samples.small(), branding=branding)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("v2/document.html.j2", b"{% block x %}", r"document\.html\.j2:1: "),
        ("v2/document.html.j2", b"\xff", "not UTF-8"),
        ("v2/document.html.j2", b" " * 300_000, "larger than 256 kB"),
        ("v2/other.html.j2", b"", "not one of"),
        ("v2/style.css", b"a { background: url(https://x.example) }", r"url\("),
        ("v2/style.css", b"</style><script>", "<"),
        ("v2/style.css", b"@IMPORT 'x'", "@import"),
        ("v2/style.css", b"a { background: u\\72l(x) }", "may not hold"),
        ("v1/document.html.j2", b"", "not the folder of one of v2"),
        ("v9/document.html.j2", b"", "not the folder of one of v2"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_written(
    name: str, content: bytes, word: str, tmp_path: Path
) -> None:
    file = tmp_path / "templates" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(TemplateError, match=word):
        read_branding(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(own: Path) -> None:
    (own / "document.html.j2").symlink_to("/etc/passwd")
    with pytest.raises(TemplateError, match="not a plain file"):
        read_branding(own.parents[1])


def test_addresses_in_a_template_are_not_fetched(own: Path, visit: Visit) -> None:
    (own / "document.html.j2").write_text(
        '{% extends "document" %}{% block notice %}<img alt="" src="file:///etc/hostname">'
        '<img alt="" src="https://x.example/a.png">{% endblock %}'
    )
    branding = read_branding(own.parents[1])
    with watched() as seen:
        assert len(render_pdf(samples.one_line(), branding=branding)) > 10_000
        page = render_html(samples.one_line(), branding=branding)
    assert seen == []
    visit.show(page)
    # The page's policy: nothing is even asked for.
    assert visit.requests == []
