"""Random networks of the library, their answers beside steer's, and those that steer must refuse."""
import random

import torch
from diffusers import DDPMScheduler, UNet2DModel

COUNT = 40
# A kind of network that steer does not build, and the word that its refusal must have.
REFUSED = [
    ({"class_embed_type": "timestep"}, "class_embed_type"),
    ({"class_embed_type": "identity"}, "class_embed_type"),
    ({"act_fn": "gelu"}, "act_fn"),
    ({"act_fn": "mish"}, "act_fn"),
    ({"act_fn": "relu"}, "act_fn"),
    ({"mid_block_type": None}, "mid_block_type"),
    ({"time_embedding_type": "learned", "num_train_timesteps": 1000}, "time_embedding_type"),
    ({"time_embedding_dim": 48}, "time_embedding_dim"),
    ({"center_input_sample": True}, "center_input_sample"),
    ({"sample_size": (8, 16)}, "sample_size"),
    ({"sample_size": None}, "--size"),
    ({"out_channels": 2}, "channels"),
    ({"down_block_types": ("SkipDownBlock2D",) * 2, "up_block_types": ("SkipUpBlock2D",) * 2}, "SkipDownBlock2D"),
    ({"down_block_types": ("ResnetDownsampleBlock2D",) * 2, "up_block_types": ("ResnetUpsampleBlock2D",) * 2},
     "ResnetDownsampleBlock2D"),
    ({"down_block_types": ("KDownBlock2D",) * 2, "up_block_types": ("KUpBlock2D",) * 2}, "KDownBlock2D"),
]
SMALL = dict(sample_size=8, in_channels=3, out_channels=3, block_out_channels=(32, 32), layers_per_block=1,
             norm_num_groups=4, down_block_types=("DownBlock2D", "AttnDownBlock2D"),
             up_block_types=("AttnUpBlock2D", "UpBlock2D"))


def random_config(seed):
    """A configuration out of all that steer builds."""
    draw = random.Random(seed)
    blocks = draw.randint(1, 4)
    groups = draw.choice([1, 2, 4, 8])
    channels = draw.randint(1, 4)
    attends = draw.choice([0.0, 0.5, 1.0])
    return dict(
        sample_size=draw.choice([8, 16]),
        in_channels=channels,
        out_channels=channels,
        time_embedding_type=draw.choice(["positional", "positional", "fourier"]),
        freq_shift=draw.randint(0, 1),
        flip_sin_to_cos=draw.random() < 0.5,
        down_block_types=tuple("AttnDownBlock2D" if draw.random() < attends else "DownBlock2D" for _ in range(blocks)),
        up_block_types=tuple("AttnUpBlock2D" if draw.random() < attends else "UpBlock2D" for _ in range(blocks)),
        block_out_channels=tuple(8 * draw.randint(1, 5) for _ in range(blocks)),
        layers_per_block=draw.randint(1, 3),
        mid_block_scale_factor=draw.choice([1, 0.7, 1.41421356]),
        downsample_padding=draw.randint(0, 1),
        downsample_type=draw.choice(["conv", "resnet"]),
        upsample_type=draw.choice(["conv", "resnet"]),
        dropout=draw.choice([0.0, 0.1]),
        act_fn=draw.choice(["silu", "swish"]),
        attention_head_dim=draw.choice([None, 4, 8]),
        norm_num_groups=groups,
        attn_norm_num_groups=draw.choice([None, 1, 8]),
        norm_eps=draw.choice([1e-5, 1e-6]),
        resnet_time_scale_shift=draw.choice(["default", "scale_shift"]),
        add_attention=draw.random() < 0.7,
        num_class_embeds=draw.choice([None, None, 5]),
    )


def made(config, seed=0):
    """The network of a configuration, with weights of which none is zero or one."""
    torch.manual_seed(seed)
    network = UNet2DModel(**config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


def saved(steer, network, scheduler=None, name="folder"):
    """The folder that the library writes of a network and a scheduler."""
    folder = steer.path(name)
    network.save_pretrained(folder + "/unet")
    (scheduler or DDPMScheduler()).save_pretrained(folder + "/scheduler")
    return folder


def described(config):
    """What sets a configuration apart, in a few words."""
    words = [f"{config['time_embedding_type']}", "x".join(str(c) for c in config["block_out_channels"])]
    words.append(f"{sum('Attn' in b for b in config['down_block_types'] + config['up_block_types'])} attending")
    words.append(f"{config['layers_per_block']} layers, groups {config['norm_num_groups']}")
    words.append(f"{config['downsample_type']}/{config['upsample_type']}, {config['resnet_time_scale_shift']}")
    words.append(f"head {config['attention_head_dim']}")
    if config["num_class_embeds"]:
        words.append("classes")
    return "; ".join(words)


def compared(steer, seed):
    """What network it is, the largest difference of its answers, and the largest answer."""
    config = random_config(seed)
    network = made(config, seed)
    folder = saved(steer, network)
    torch.manual_seed(1000 + seed)
    size = config["sample_size"]
    given = {"x": torch.randn(3, config["in_channels"], size, size), "label": torch.tensor([1.0, 37.5, 999.0])}
    classes = {}
    if config["num_class_embeds"]:
        classes["classes"] = torch.tensor([0, 4, 2])
    with torch.no_grad():
        theirs = network(given["x"], given["label"], class_labels=classes.get("classes")).sample
    ours = steer.forward(folder, {**given, **classes})
    return described(config), (ours - theirs).abs().max().item(), theirs.abs().max().item()


def refusals(steer):
    """For each kind of network that steer refuses: what it is, what it says, whether that names the cause."""
    given = {"x": torch.randn(1, 3, 8, 8), "label": torch.tensor([1.0])}
    for changes, word in REFUSED:
        config = {**SMALL, **changes}
        folder = saved(steer, made(config))
        try:
            steer.forward(folder, given)
            said = "accepted"
        except RuntimeError as error:
            said = str(error)
        yield changes, said.replace(steer.work.name, ""), word in said
