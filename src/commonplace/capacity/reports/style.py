"""Where the style sheets of the pictures and of the report lie; the door hands on the first.

Notable: imports nothing of capacity, so that a page can be served without the extra `plan`.
"""

from pathlib import Path

PICTURES_CSS = Path(__file__).with_name("pictures.css")
PAGE_CSS = Path(__file__).with_name("page.css")
