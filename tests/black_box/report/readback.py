"""Reads a report with Python's own readers and prints what it says, as JSON.

    python3 -c THIS html|csv|markdown|json FILE
"""

import csv
import html.parser
import json
import sys

FORBIDDEN = {"script", "iframe", "object", "embed", "link", "img", "a", "form", "input", "base", "image", "use",
             "foreignobject", "animate", "set"}
VOID = {"meta"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.faults, self.text = [], set(), [], []
        self.figures, self.tables, self.cell, self.row = {}, [], None, None
        self.label = None

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in FORBIDDEN:
            self.faults.append("element %s" % tag)
        for name, value in attributes:
            if name.startswith("on") or name in ("href", "src", "xlink:href", "action", "data", "srcdoc"):
                self.faults.append("attribute %s of %s" % (name, tag))
            if "url(" in (value or "") or "javascript:" in (value or ""):
                self.faults.append("value %s" % value)
        if tag not in VOID:
            self.open.append((tag, dict(attributes).get("class", "")))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th"):
            self.cell = []

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.faults.append("end of %s within %s" % (tag, self.open[-1:]))
            return
        self.open.pop()
        if tag in ("td", "th"):
            self.row.append("".join(self.cell))
            self.cell = None
        elif tag == "tr":
            self.tables[-1].append(self.row)

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "style":
            if "url(" in data or "@import" in data or "<" in data:
                self.faults.append("style")
            return
        self.text.append(data)
        if self.cell is not None:
            self.cell.append(data)
        if self.open and self.open[-1][1] == "label":
            self.label = data
        if self.open and self.open[-1][1] == "value":
            self.figures[self.label] = data


def read_html(text):
    page = Page()
    page.feed(text)
    page.close()
    page.faults += ["left open: %s" % (tag,) for tag, _ in page.open]
    return {"faults": page.faults, "figures": page.figures, "tables": page.tables, "text": "".join(page.text),
            "tags": sorted(page.tags)}


def read_csv(text):
    rows = list(csv.DictReader(text.splitlines(keepends=True), strict=True))
    return {"rows": rows}


def read_markdown(text):
    figures = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) >= 2:
            figures.setdefault(cells[0], cells[1])
    return {"figures": figures, "text": text}


kind, path = sys.argv[1:]
with open(path, encoding="utf-8", newline="") as file:
    text = file.read()
read = {"html": read_html, "csv": read_csv, "markdown": read_markdown, "json": json.loads}
json.dump(read[kind](text), sys.stdout)
