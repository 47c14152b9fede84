#!/usr/bin/env python3
"""Writes the first layers of an ImageNet network as TorchScript, for the objective style(IMAGE, model=FILE).

Needs PyTorch and torchvision (which fetches the weights). Features of images [N, 3, H, W] whose colours are
normalised as ImageNet's; use it as style(IMAGE, model=FILE, normalise=imagenet).

    tools/export_style.py resnet18 style.pt      # convolution, norm, ReLU and pooling at the entrance
    tools/export_style.py vgg11_bn style.pt      # the first convolution
"""
import argparse

import torch
import torchvision


def entrance(name):
    if name == "resnet18":
        whole = torchvision.models.resnet18(weights="IMAGENET1K_V1")
        return torch.nn.Sequential(whole.conv1, whole.bn1, whole.relu, whole.maxpool)
    whole = torchvision.models.vgg11_bn(weights="IMAGENET1K_V1")
    return torch.nn.Sequential(whole.features[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=["resnet18", "vgg11_bn"])
    parser.add_argument("out")
    arguments = parser.parse_args()
    network = entrance(arguments.network).eval()
    torch.jit.script(network).save(arguments.out)
    print(arguments.out, tuple(network(torch.zeros(1, 3, 64, 64)).shape))


if __name__ == "__main__":
    main()
