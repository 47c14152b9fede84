#!/usr/bin/env python3
"""The page's server as a client meets it: steer serve as a process, requests over HTTP, its end by Ctrl-C.

serve.py STEER MODEL PICTURE: draws 3 samples of seed 5 through the server; their sheet must have the pixels of PICTURE.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib


def pixels(png):
    """The decompressed pixel data of a PNG."""
    at, data = 8, b""
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    return zlib.decompress(data)


def main():
    steer, model, picture = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        command = [steer, "serve", model, "--port", "0", "--history", folder + "/history", "--json", "--threads", "1", "--precision", "float32"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        began = time.monotonic()
        said = json.loads(server.stdout.readline())
        base = said["address"].split("#")[0]

        def ask(path, body=None, token=said["token"], **headers):
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(base + path, data, {"Authorization": f"Bearer {token}", **headers})
            if data:
                request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()

        assert ask("healthz")[0] == 200
        print(f"first answer after {time.monotonic() - began:.2f} s")
        assert ask("")[1].startswith(b"<!doctype html>")
        assert ask("api/state", token="no")[0] == 401
        assert ask("api/state", Origin="http://elsewhere.example")[0] == 403
        assert ask("api/state", Host="elsewhere.example")[0] == 421
        names = [card["name"] for card in json.loads(ask("api/models")[1])["models"]]
        name = os.path.basename(os.path.normpath(model)).removesuffix(".safetensors")
        assert name in names, names
        recipe = {"model": {"path": name}, "count": 3, "seeds": [5]}
        status, answer = ask("api/jobs", {"kind": "samples", "recipe": recipe})
        assert status == 202, answer
        job = "api/jobs/" + json.loads(answer)["id"]
        for _ in range(3000):
            state = json.loads(ask(job)[1])
            if state["state"] not in ("queued", "running"):
                break
            time.sleep(0.02)
        assert state["state"] == "done", state
        assert pixels(ask(job + "/sheet.png")[1]) == pixels(open(picture, "rb").read()), "the sheet differs from the program's"
        # Ctrl-C while a long job runs.
        ask("api/jobs", {"kind": "samples", "recipe": {**recipe, "count": 256}})
        server.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert server.wait(20) == 0, server.stderr.read()
        print(f"ended after {time.monotonic() - began:.2f} s")
        assert server.stderr.read().strip().endswith("bye")


main()
