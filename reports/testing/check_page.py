"""Loads a report in a real browser and judges the DOM that came of it: check_page.py PAGE VERDICT_SENTENCE.

The sentence must be there, and what the sample planted as markup must have stayed text. 77: chromium is not installed."""
import html.parser
import os
import pathlib
import subprocess
import sys
import tempfile

browser = "/usr/bin/chromium"
if not os.access(browser, os.X_OK):
    print("chromium is not installed")
    sys.exit(77)


class Page(html.parser.HTMLParser):
    """Collects what the browser made of the page: its text, its elements, its attributes."""

    def __init__(self):
        super().__init__()
        self.text, self.elements, self.attributes = [], set(), set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.text.append(data)


with tempfile.TemporaryDirectory() as profile:
    dom = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-dev-shm-usage", "--user-data-dir=" + profile, "--dump-dom", pathlib.Path(sys.argv[1]).resolve().as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=100, check=True).stdout.decode("utf-8")

page = Page()
page.feed(dom)
text = "".join(page.text)
problems = []
for sentence in (sys.argv[2], "<img src=x onerror=alert(2)>", "<script>alert(1)</script>", "<script>alert('log')</script>"):
    if sentence not in text:
        problems.append("not in the page's text: " + sentence)
for element in ("img", "script", "iframe", "object", "link", "form"):
    if element in page.elements:
        problems.append("the page has an element " + element)
problems += ["the page has a handler " + name for name in page.attributes if name.startswith("on")]
for landmark in ("header", "main", "nav", "footer", "h1"):
    if landmark not in page.elements:
        problems.append("the page has no " + landmark)
print("\n".join(problems) or "the page is as it should be")
sys.exit(1 if problems else 0)
