"""The namespaces that calendar programs speak of, and names in them as ElementTree writes them."""

from xml.etree import ElementTree as ET

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER = "http://calendarserver.org/ns/"
APPLE = "http://apple.com/ns/ical/"

for _prefix, _namespace in (("d", DAV), ("c", CALDAV), ("cs", CALENDARSERVER), ("a", APPLE)):
    ET.register_namespace(_prefix, _namespace)


def dav(name: str) -> str:
    return f"{{{DAV}}}{name}"


def cal(name: str) -> str:
    return f"{{{CALDAV}}}{name}"


def cs(name: str) -> str:
    return f"{{{CALENDARSERVER}}}{name}"


def apple(name: str) -> str:
    return f"{{{APPLE}}}{name}"
