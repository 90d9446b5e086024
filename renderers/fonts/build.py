"""Makes the bundled faces from Inter's variable font; run by hand when Inter is updated.

    python renderers/fonts/build.py path/to/Inter-roman.var.ttf

Documents embed these files only, so that the bytes of a PDF do not depend on the machine's
fonts. Static faces render faster than a variable one, TrueType outlines embed in half the
bytes of CFF ones.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FAMILY = "Billhouse Sans"
WEIGHTS = {"Regular": 400, "SemiBold": 600, "Bold": 700}
CHARACTERS = [
    *range(0x0020, 0x007F),  # Basic Latin
    *range(0x00A0, 0x0180),  # Latin-1, Latin Extended-A
    *range(0x0180, 0x0250),  # Latin Extended-B (Romanian, Croatian, …)
    *range(0x0300, 0x0312), 0x0323, 0x0326, 0x0327, 0x0328, 0x0331,  # combining marks
    *range(0x0370, 0x0400),  # Greek
    *range(0x0400, 0x0460), 0x0490, 0x0491,  # Cyrillic
    *range(0x1E00, 0x1F00),  # Latin Extended Additional (Vietnamese, Welsh)
    *range(0x2000, 0x2070),  # punctuation, and the narrow spaces that formats use
    *range(0x2070, 0x20C0),  # superscripts, currency signs
    0x2116, 0x2122, *range(0x2190, 0x2194), 0x2196, 0x2197, 0x2198, 0x2199,
    0x2212, 0x2215, 0x2248, 0x2260, 0x2264, 0x2265, 0x25A0, 0x25CF, 0x2713,
]  # fmt: skip


def build(source: Path, target_folder: Path) -> None:
    """Writes one static subset per weight into `target_folder`."""
    for style, weight in WEIGHTS.items():
        font = TTFont(source, recalcTimestamp=False)
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        font = instantiateVariableFont(font, {**axes, "wght": weight}, inplace=True)
        options = Options()
        options.layout_features = ["kern", "tnum", "mark", "mkmk", "ccmp", "locl"]
        options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
        options.hinting = False
        options.glyph_names = True
        options.notdef_outline = True
        options.drop_tables += ["STAT", "MVAR", "HVAR", "avar", "gasp"]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=CHARACTERS)
        subsetter.subset(font)
        postscript = f"{FAMILY.replace(' ', '')}-{style}"
        names = {1: f"{FAMILY} {style}", 2: "Regular", 3: postscript, 4: f"{FAMILY} {style}"}
        for name_id, value in {**names, 6: postscript}.items():
            font["name"].setName(value, name_id, 3, 1, 0x409)
        font["OS/2"].usWeightClass = weight
        font["OS/2"].fsSelection = 0x40
        font["head"].macStyle = 0
        font.save(target_folder / f"{postscript}.ttf")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(__file__).parent)
