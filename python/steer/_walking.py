"""A walk through the tree of a DDN as a widget of notebooks, where ipywidgets is there."""

from __future__ import annotations

from typing import Any

import torch

from steer import _steer


def _png(image: torch.Tensor, side: int) -> bytes:
    """A picture [C, h, w] in [-1, 1] as PNG of about this side."""
    from io import BytesIO

    from PIL import Image

    grey = image.shape[0] == 1
    values = ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
    picture = Image.fromarray(values[0].numpy() if grey else values.permute(1, 2, 0).numpy())
    scale = max(1, side // max(picture.size))
    file = BytesIO()
    picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST).save(
        file, "PNG"
    )
    return file.getvalue()


def clickable(walk: _steer.Walk, side: int = 64, most: int = 16) -> Any:
    """A widget of the candidates of a walk: a click on one chooses it, `back` takes the last choice back.

    The first `most` candidates of each layer are shown, as pictures of their kind; at the end the sample
    itself, with players of sounds and the formula of a molecule. ImportError without ipywidgets and Pillow.
    """
    import ipywidgets

    box = ipywidgets.VBox()

    def choose(index: int) -> None:
        walk.choose(index)
        show()

    def back(_: Any) -> None:
        walk.back(max(0, walk.layer - 1))
        show()

    def cell(index: int, image: torch.Tensor) -> Any:
        button = ipywidgets.Button(description=str(index), layout=ipywidgets.Layout(width=f"{side}px"))
        button.on_click(lambda _: choose(index))
        return ipywidgets.VBox([ipywidgets.Image(value=_png(image, side), format="png"), button])

    def show() -> None:
        rows: list[Any] = [ipywidgets.Label(f"layer {walk.layer} of {walk.depth}")]
        button = ipywidgets.Button(description="back")
        button.on_click(back)
        rows.append(button)
        picture = walk.picture
        if picture is not None:
            rows.append(ipywidgets.Image(value=_png(picture, 2 * side), format="png"))
        if walk.layer < walk.depth:
            pictures = walk.pictures(most)
            cells = [cell(i, one) for i, one in enumerate(pictures)]
            rows.append(ipywidgets.HBox(cells, layout=ipywidgets.Layout(flex_flow="row wrap")))
        else:
            # What a page shows of the sample: players of a sound, the formula of a molecule.
            shown = walk.finish()._repr_html_()
            if shown:
                rows.append(ipywidgets.HTML(shown))
        box.children = tuple(rows)

    show()
    return box
