"""Makes the pictures of the README from real runs on the sample library.

    python docs/pictures.py

Runs `commonplace` on `examples/library` in a temporary library, and writes what a terminal shows as
`docs/answer.svg`, and the drawn page of a PDF citation as `docs/page.png`.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
ASKED = (
    "Why does LoRA use two matrices?",
    "Who reviewed the paper on latent diffusion?",
    "Which tokenizer does Whisper use?",
)
IN_A_PDF = "Why does latent diffusion work in latent space?"
COLUMNS = 96


def run(*arguments: str, library: str) -> str:
    """What the command prints on a terminal, colours included."""
    command = [sys.executable, "-m", "commonplace", *arguments]
    environment = {**os.environ, "COMMONPLACE_LIBRARY": library, "COLUMNS": str(COLUMNS)}
    environment |= {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
    script = ["script", "-qec", subprocess.list2cmdline(command), "/dev/null"]
    shown = subprocess.run(
        script, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
    )
    return shown.stdout.decode().replace("\r\n", "\n")


def main() -> None:
    """Write both pictures."""
    with tempfile.TemporaryDirectory() as library:
        os.chdir(ROOT)
        run("add", "examples/library", library=library)
        console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115
        for question in ASKED:
            console.print(Text(f'$ commonplace ask "{question}"', style="bold"))
            console.print(Text.from_ansi(run("ask", question, library=library)))
        drawn = re.sub(
            r"@font-face \{.*?\}", "", console.export_svg(title="commonplace"), flags=re.S
        )
        (ROOT / "docs" / "answer.svg").write_text(drawn, encoding="utf-8")
        answer = json.loads(run("ask", IN_A_PDF, "--json", library=library))
        run("show", answer["sentences"][0]["citations"][0]["id"], library=library)
        (page,) = Path(library, "cache").glob("page-*.png")
        with Image.open(page) as picture:
            upper = picture.crop((0, 0, picture.width, picture.height // 2))
            upper.quantize(32).save(ROOT / "docs" / "page.png", optimize=True)


if __name__ == "__main__":
    main()
