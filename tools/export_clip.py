#!/usr/bin/env python3
"""Writes a CLIP network as TorchScript, for the objective text('WORDS', model=FILE).

Needs PyTorch and open_clip (which fetches the weights). The text tower does not script, so the file holds the
embeddings of the texts given here; the objective must use one of them, letter for letter.

    tools/export_clip.py clip.pt 'a photo of a dog' 'a photo of a red car'
"""
import argparse
from typing import Dict

import open_clip
import torch


class Similarity(torch.nn.Module):
    """100 times the cosine between images [N, 3, H, W] in [-1, 1] and a known text."""

    def __init__(self, visual, embeddings: Dict[str, torch.Tensor], size: int, mean, deviation):
        super().__init__()
        self.visual = visual
        self.embeddings = embeddings
        self.size = size
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor, text: str) -> torch.Tensor:
        assert text in self.embeddings, "this text was not exported"
        x = (images + 1) / 2
        x = torch.nn.functional.interpolate(x, size=[self.size, self.size], mode="bicubic")
        seen = self.visual((x - self.mean) / self.deviation)
        said = self.embeddings[text].to(seen.device)
        return 100 * torch.nn.functional.cosine_similarity(seen, said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--network", default="ViT-B-32")
    parser.add_argument("--weights", default="openai")
    arguments = parser.parse_args()
    model, _, _ = open_clip.create_model_and_transforms(arguments.network, pretrained=arguments.weights)
    model.eval()
    tokens = open_clip.get_tokenizer(arguments.network)
    with torch.no_grad():
        embeddings = {text: model.encode_text(tokens([text])).detach() for text in arguments.texts}
        size = int(open_clip.get_model_config(arguments.network)["vision_cfg"]["image_size"])
        # Traced, so that the tower's own Python need not script; any number of images goes through.
        visual = torch.jit.trace(model.visual, torch.zeros(2, 3, size, size))
        network = Similarity(visual, embeddings, size, open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    torch.jit.script(network.eval()).save(arguments.out)
    print(arguments.out, arguments.texts)


if __name__ == "__main__":
    main()
