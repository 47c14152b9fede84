"""How soon the page's server answers: serve.py [STEER]. Starts one with the models that ship, on a port of its own.

Prints: first answer and first sample; 70 jobs posted at once (64 wait at most, so the rest must be refused); answers while
it works; all of them removed; how soon a running job stops.
"""

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


class Client:
    def __init__(self, address):
        self.base, self.token = address.split("#")

    def ask(self, path, body=None, method=None):
        """Status, answer and seconds."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, text, time.perf_counter() - began

    def post(self, model, count, **more):
        recipe = {"model": {"path": model}, "count": count, "seeds": [1], **more}
        status, text, seconds = self.ask("api/jobs", {"kind": "samples", "recipe": recipe})
        return status, json.loads(text).get("id"), seconds

    def wait_while(self, job, *states):
        while True:
            status, text, _ = self.ask("api/jobs/" + job)
            state = json.loads(text).get("state") if status == 200 else None
            if state not in states:
                return state
            time.sleep(0.002)


def main():
    steer = sys.argv[1] if len(sys.argv) > 1 else "build/steer"
    with tempfile.TemporaryDirectory() as history:
        began = time.perf_counter()
        server = subprocess.Popen([steer, "serve", "--port", "0", "--history", history, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        client = Client(json.loads(server.stdout.readline())["address"])
        client.ask("healthz")
        print(f"start to first answer        {time.perf_counter() - began:8.3f} s")
        began = time.perf_counter()
        client.wait_while(client.post("mnist_ddn", 1)[1], "queued", "running")
        print(f"first sample, model opened   {time.perf_counter() - began:8.3f} s")
        began = time.perf_counter()
        client.wait_while(client.post("mnist_ddn", 16)[1], "queued", "running")
        print(f"16 samples, written          {time.perf_counter() - began:8.3f} s")
        posted = [client.post("mnist_ddn", 64) for _ in range(70)]
        seconds = [one[2] for one in posted]
        print(f"70 jobs: each taken in       {1e3 * statistics.median(seconds):8.2f} ms, at most {1e3 * max(seconds):.2f} ms")
        print(f"         taken, refused      {sum(one[0] == 202 for one in posted):5d} {sum(one[0] == 429 for one in posted):5d}")
        seconds = [client.ask("api/state")[2] for _ in range(200)]
        print(f"state while it works         {1e3 * statistics.median(seconds):8.2f} ms, at most {1e3 * max(seconds):.2f} ms")
        began = time.perf_counter()
        for one in posted:
            if one[1]:
                client.ask("api/jobs/" + one[1], method="DELETE")
        print(f"all removed                  {time.perf_counter() - began:8.3f} s")
        for model, count, more in [("mnist_ddn", 256, {}), ("mnist_flow", 256, {}), ("emoji64_flow", 64, {"telling": {"label": "all"}})]:
            stops = []
            for pause in (0.3, 0.41, 0.52, 0.63, 0.74):
                job = client.post(model, count, **more)[1]
                client.wait_while(job, "queued")
                time.sleep(pause)
                began = time.perf_counter()
                client.ask("api/jobs/" + job, method="DELETE")
                client.wait_while(job, "running")
                stops.append(time.perf_counter() - began)
            print(f"{model:12} stopped in      {statistics.median(stops):8.3f} s, at most {max(stops):.3f} s")
        server.send_signal(signal.SIGINT)
        server.wait(30)


main()
