"""The tags of a page and their attributes, in order."""

from html.parser import HTMLParser


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def attributes(self, *tags):
        return [attributes for tag, attributes in self.tags if tag in tags]
