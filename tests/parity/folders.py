"""Files of the library: the defaults of every scheduler, folders that go to steer and come back."""
import ast
import json
import os

import diffusers
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

from networks import SMALL, made, saved

SCHEDULERS = os.path.join(os.path.dirname(diffusers.__file__), "schedulers")
# What steer has in place of a word that a class does not have, or that says nothing.
WITHOUT = {"clip_sample": False, "timestep_spacing": "", "sigma_min": 0, "sigma_max": 0}
# Schedulers of other processes than steer's, or of networks that give no prediction of the data.
FOREIGN = ["LCMScheduler", "TCDScheduler", "ScoreSdeVeScheduler", "IPNDMScheduler", "UnCLIPScheduler"]


def signature(name):
    """Arguments of a class's constructor with their defaults, read from the source: some classes cannot be
    imported without packages of others."""
    for file in sorted(os.listdir(SCHEDULERS)):
        if not file.endswith(".py"):
            continue
        with open(os.path.join(SCHEDULERS, file)) as source:
            text = source.read()
        if f"class {name}(" not in text:
            continue
        kind = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and n.name == name)
        init = next(n for n in kind.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
        names = [argument.arg for argument in init.args.args][-len(init.args.defaults):]
        return {n: value_of(d) for n, d in zip(names, init.args.defaults)}
    raise RuntimeError(f"the library has no class {name}")


def value_of(node):
    """A constant, or the text of what is none, such as -float("inf")."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def wrong_defaults(steer):
    """Each scheduler with the fields in which steer's defaults are not the library's, and how many were looked
    at."""
    for name, ours in steer.defaults().items():
        theirs, wrong, looked = signature(name), [], 0
        for field, value in ours.items():
            if field == "kind":
                continue
            if field in theirs or field in WITHOUT:
                looked += 1
                expected = theirs.get(field)
                if expected is None:
                    expected = WITHOUT.get(field, value)
                if expected != value:
                    wrong.append(f"{field}: {expected} there, {value} here")
        yield name, looked, wrong


def read_or_refused(steer):
    """Each scheduler whose file as the library writes it is read, and each that is refused by name."""
    network = made(SMALL)
    given = {"x": torch.randn(1, 3, 8, 8), "label": torch.tensor([1.0])}
    for name in [*steer.defaults(), *FOREIGN]:
        scheduler = getattr(diffusers, name)
        try:
            folder = saved(steer, network, scheduler())
        except ImportError:
            continue  # it needs a package that is not here
        try:
            steer.forward(folder, given)
            yield name, "read", name not in FOREIGN
        except RuntimeError as error:
            yield name, "refused", name in FOREIGN and name in str(error)


def plain(value):
    return list(value) if isinstance(value, tuple) else value


def same_tensors(a, b):
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def there_and_back(steer):
    """Claims about a folder that went through steer and the library again, each with whether it holds."""
    theirs = made({**SMALL, "num_class_embeds": 5})
    scheduler = DDPMScheduler(variance_type="fixed_large", clip_sample_range=2.0, beta_end=0.03,
                              timestep_spacing="trailing", prediction_type="v_prediction")
    folder = saved(steer, theirs, scheduler, "theirs")
    run, back, again = steer.path("run"), steer.path("back"), steer.path("again")
    steer.run("steer", "import", "--diffusers", folder, "--last-is-no-class", "--out", run)
    steer.run("steer", "export", run, "--diffusers", back)
    pipeline = DDPMPipeline.from_pretrained(back)
    yield "weights come back bit for bit", same_tensors(pipeline.unet, theirs)
    kept = [key for key in theirs.config if not key.startswith("_") and theirs.config[key] is not None]
    yield "the network's configuration comes back", all(
        plain(pipeline.unet.config[key]) == plain(theirs.config[key]) for key in kept)
    yield "the scheduler's configuration comes back", all(
        pipeline.scheduler.config[key] == scheduler.config[key] for key in scheduler.config if key[0] != "_")
    pipeline.save_pretrained(again)
    told = json.loads(steer.run("steer", "import", "--diffusers", again, "--out", steer.path("run2"), "--json"))
    yield "the last class still says \"no class\" after the library wrote the folder anew", told["classes"] == 4
    yield "a half-precision variant is found", variant_is_found(steer, theirs, scheduler)
    for kind, name in [("edm", "EDMEulerScheduler"), ("flow", "FlowMatchEulerDiscreteScheduler")]:
        yield f"{name} comes back", kind_comes_back(steer, kind, getattr(diffusers, name)())


def variant_is_found(steer, network, scheduler):
    folder = steer.path("half")
    network.save_pretrained(folder + "/unet", variant="fp16")
    scheduler.save_pretrained(folder + "/scheduler")
    given = {"x": torch.randn(1, 3, 8, 8), "label": torch.tensor([1.0]), "classes": torch.tensor([1])}
    with torch.no_grad():
        theirs = network(given["x"], given["label"], class_labels=given["classes"]).sample
    return torch.allclose(steer.forward(folder, given), theirs, atol=1e-4)


def kind_comes_back(steer, kind, scheduler):
    network = made(SMALL)
    folder, run, back = saved(steer, network, scheduler, kind), steer.path(kind + "-run"), steer.path(kind + "-back")
    steer.run("steer", "import", "--diffusers", folder, "--out", run)
    steer.run("steer", "export", run, "--diffusers", back)
    loaded = type(scheduler).from_pretrained(back, subfolder="scheduler")
    same = all(loaded.config[key] == scheduler.config[key] for key in scheduler.config if key[0] != "_")
    return same and same_tensors(UNet2DModel.from_pretrained(back, subfolder="unet"), network)
