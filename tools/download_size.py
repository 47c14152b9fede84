"""Says what a pip installation will download: download_size.py REPORT, from pip install --dry-run --report REPORT."""

import json
import os
import sys
import urllib.parse
import urllib.request


def size_of(url):
    """Bytes behind a URL; 0 for what lies on this disk or does not say."""
    parts = urllib.parse.urlparse(url)
    if parts.scheme == "file":
        return 0
    try:
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.headers.get("Content-Length", 0))
    except OSError:
        return 0


with open(sys.argv[1]) as file:
    parts = json.load(file)["install"]
sizes = [size_of(part["download_info"]["url"]) for part in parts]
names = [f"{part['metadata']['name']} {part['metadata']['version']}" for part in parts]
main = next((name for name in names if name.startswith("torch ")), names[0])
local = all(os.path.exists(urllib.parse.unquote(urllib.parse.urlparse(p["download_info"]["url"]).path)) for p in parts
            if p["metadata"]["name"] == "torch")
where = "torch itself from this disk, " if local else ""
print(f"{main} and {len(names) - 1} packages that it needs ({where}{sum(sizes) / 1e6:.0f} MB to download)")
