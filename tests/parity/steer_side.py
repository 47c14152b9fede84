"""Asks steer: its programs, with tensors in safetensors files."""
import json
import os
import subprocess
import tempfile

from safetensors.torch import load_file, save_file


class Steer:
    """The programs in a build folder, and a folder for what passes between the two sides."""

    def __init__(self, build):
        self.build = build
        self.work = tempfile.TemporaryDirectory(prefix="parity-")

    def path(self, name):
        return os.path.join(self.work.name, name)

    def run(self, program, *words):
        """What a program prints; RuntimeError with its last line where it fails."""
        done = subprocess.run([os.path.join(self.build, program), *words], capture_output=True, text=True)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["nothing"]
            raise RuntimeError(lines[-1])
        return done.stdout

    def defaults(self):
        """What steer takes for the fields of each scheduler's class."""
        return json.loads(self.run("steer_parity", "defaults"))

    def forward(self, folder, tensors):
        """A network's answer to x, label and perhaps classes."""
        save_file(tensors, self.path("in.safetensors"))
        self.run("steer_parity", "forward", folder, self.path("in.safetensors"), self.path("out.safetensors"))
        return load_file(self.path("out.safetensors"))["f"]

    def way(self, folder, sampler, tensors):
        """Levels and states of a sampler."""
        save_file(tensors, self.path("in.safetensors"))
        self.run("steer_parity", "way", folder, json.dumps(sampler), self.path("in.safetensors"),
                 self.path("out.safetensors"))
        return load_file(self.path("out.safetensors"))
