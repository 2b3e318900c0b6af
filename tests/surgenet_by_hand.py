"""SurgeNet's three networks by hand over the original key names: what our loading is held against."""

import torch
from torch.nn import functional as F

DEPTHS = {
    "caformer_s18": (3, 3, 9, 3),
    "convnextv2_tiny": (3, 3, 9, 3),
    "pvt_v2_b2": (3, 4, 6, 3),
}
DIMS = {
    "caformer_s18": (64, 128, 320, 512),
    "convnextv2_tiny": (96, 192, 384, 768),
    "pvt_v2_b2": (64, 128, 320, 512),
}
KEYS = {"caformer_s18": 150, "convnextv2_tiny": 196, "pvt_v2_b2": 332}
HEADS, RATIOS, REDUCTIONS = (1, 2, 5, 8), (8, 8, 4, 4), (8, 4, 2, 1)  # of PVTv2


def shapes(name):
    """Original key -> shape, of the encoder with its final norm and head."""
    depths, dims = DEPTHS[name], DIMS[name]
    keys = {}

    def pair(prefix, shape, bias=True):
        keys[f"{prefix}.weight"] = shape
        if bias:
            keys[f"{prefix}.bias"] = (shape[0],)

    for i, (depth, d) in enumerate(zip(depths, dims, strict=True)):
        before = dims[i - 1] if i else 3
        if name == "caformer_s18":
            down = f"downsample_layers.{i}"
            pair(f"{down}.conv", (d, before, 7, 7) if i == 0 else (d, before, 3, 3))
            keys[f"{down}.pre_norm.weight" if i else f"{down}.post_norm.weight"] = (
                before if i else d,
            )
            for j in range(depth):
                b = f"stages.{i}.{j}"
                keys |= {
                    f"{b}.norm1.weight": (d,),
                    f"{b}.norm2.weight": (d,),
                    f"{b}.mlp.fc1.weight": (4 * d, d),
                    f"{b}.mlp.fc2.weight": (d, 4 * d),
                }
                if i < 2:
                    keys |= {
                        f"{b}.token_mixer.pwconv1.weight": (2 * d, d),
                        f"{b}.token_mixer.dwconv.weight": (2 * d, 1, 7, 7),
                        f"{b}.token_mixer.pwconv2.weight": (d, 2 * d),
                    }
                else:
                    keys |= {
                        f"{b}.token_mixer.qkv.weight": (3 * d, d),
                        f"{b}.token_mixer.proj.weight": (d, d),
                        f"{b}.res_scale1.scale": (d,),
                        f"{b}.res_scale2.scale": (d,),
                    }
        elif name == "convnextv2_tiny":
            pair(
                f"downsample_layers.{i}.{1 if i else 0}",
                (d, before, 2, 2) if i else (d, 3, 4, 4),
            )
            pair(f"downsample_layers.{i}.{0 if i else 1}", (before,) if i else (d,))
            for j in range(depth):
                b = f"stages.{i}.{j}"
                pair(f"{b}.dwconv", (d, 1, 7, 7))
                pair(f"{b}.norm", (d,))
                pair(f"{b}.pwconv1", (4 * d, d))
                keys |= {
                    f"{b}.grn.gamma": (1, 1, 1, 4 * d),
                    f"{b}.grn.beta": (1, 1, 1, 4 * d),
                }
                pair(f"{b}.pwconv2", (d, 4 * d))
        else:
            pair(f"patch_embed{i + 1}.proj", (d, before, 3, 3) if i else (d, 3, 7, 7))
            pair(f"patch_embed{i + 1}.norm", (d,))
            for j in range(depth):
                b, wide = f"block{i + 1}.{j}", RATIOS[i] * d
                pair(f"{b}.norm1", (d,))
                pair(f"{b}.attn.q", (d, d))
                pair(f"{b}.attn.kv", (2 * d, d))
                pair(f"{b}.attn.proj", (d, d))
                if REDUCTIONS[i] > 1:
                    pair(f"{b}.attn.sr", (d, d, REDUCTIONS[i], REDUCTIONS[i]))
                    pair(f"{b}.attn.norm", (d,))
                pair(f"{b}.norm2", (d,))
                pair(f"{b}.mlp.fc1", (wide, d))
                pair(f"{b}.mlp.dwconv.dwconv", (wide, 1, 3, 3))
                pair(f"{b}.mlp.fc2", (d, wide))
            pair(f"norm{i + 1}", (d,))
    if name != "pvt_v2_b2":
        pair("norm", (dims[-1],))
    pair("head", (1000, dims[-1]))
    return keys


def draw(name, seed=0):
    """A checkpoint of plausible values: the signal keeps its size, no norm is one and no bias zero."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in shapes(name).items():
        value = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            state[key] = value * 0.1 + (
                1.0 if key.endswith(("weight", "scale")) else 0.0
            )
        elif ".grn." in key:
            state[key] = value * 0.3
        else:
            fan_in = value[0].numel()
            state[key] = value / fan_in**0.5
    return state


def norm(x, s, key, eps=1e-6):
    """Layer norm over the last dimension, biased where the checkpoint has a bias."""
    return F.layer_norm(x, x.shape[-1:], s[f"{key}.weight"], s.get(f"{key}.bias"), eps)


def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def attention(q, k, v, heads):
    n, length, d = q.shape
    q, k, v = (t.reshape(n, -1, heads, d // heads).transpose(1, 2) for t in (q, k, v))
    weights = (q @ k.transpose(-2, -1) * (d // heads) ** -0.5).softmax(-1)
    return (weights @ v).transpose(1, 2).reshape(n, length, d)


def caformer_by_hand(s, x):
    features = []
    for i, depth in enumerate(DEPTHS["caformer_s18"]):
        down = f"downsample_layers.{i}"
        if i:
            x = norm(x, s, f"{down}.pre_norm")
            kernel, bias = s[f"{down}.conv.weight"], s[f"{down}.conv.bias"]
            x = last(F.conv2d(first(x), kernel, bias, stride=2, padding=1))
        else:
            x = last(
                F.conv2d(
                    x,
                    s[f"{down}.conv.weight"],
                    s[f"{down}.conv.bias"],
                    stride=4,
                    padding=2,
                )
            )
            x = norm(x, s, f"{down}.post_norm")
        for j in range(depth):
            b = f"stages.{i}.{j}"
            y = norm(x, s, f"{b}.norm1")
            if i < 2:
                y = F.relu(F.linear(y, s[f"{b}.token_mixer.pwconv1.weight"]))
                kernel = s[f"{b}.token_mixer.dwconv.weight"]
                y = last(F.conv2d(first(y), kernel, padding=3, groups=len(kernel)))
                x = x + F.linear(y, s[f"{b}.token_mixer.pwconv2.weight"])
            else:
                tokens = F.linear(y, s[f"{b}.token_mixer.qkv.weight"]).flatten(1, 2)
                y = attention(*tokens.chunk(3, -1), heads=y.shape[-1] // 32).reshape(
                    y.shape
                )
                x = x * s[f"{b}.res_scale1.scale"] + F.linear(
                    y, s[f"{b}.token_mixer.proj.weight"]
                )
            y = F.relu(F.linear(norm(x, s, f"{b}.norm2"), s[f"{b}.mlp.fc1.weight"]))
            y = F.linear(y, s[f"{b}.mlp.fc2.weight"])
            x = (x * s[f"{b}.res_scale2.scale"] if i >= 2 else x) + y
        features.append(first(x))
    return features


def convnext_by_hand(s, x):
    features = []
    for i, depth in enumerate(DEPTHS["convnextv2_tiny"]):
        down = f"downsample_layers.{i}"
        if i:
            x = first(norm(last(x), s, f"{down}.0"))
            x = F.conv2d(x, s[f"{down}.1.weight"], s[f"{down}.1.bias"], stride=2)
        else:
            x = F.conv2d(x, s[f"{down}.0.weight"], s[f"{down}.0.bias"], stride=4)
            x = first(norm(last(x), s, f"{down}.1"))
        for j in range(depth):
            b = f"stages.{i}.{j}"
            kernel, bias = s[f"{b}.dwconv.weight"], s[f"{b}.dwconv.bias"]
            y = last(F.conv2d(x, kernel, bias, padding=3, groups=len(kernel)))
            y = F.gelu(
                F.linear(
                    norm(y, s, f"{b}.norm"),
                    s[f"{b}.pwconv1.weight"],
                    s[f"{b}.pwconv1.bias"],
                )
            )
            size = y.square().sum((1, 2), keepdim=True).sqrt()
            y = (
                s[f"{b}.grn.gamma"] * y * size / (size.mean(-1, keepdim=True) + 1e-6)
                + s[f"{b}.grn.beta"]
                + y
            )
            x = x + first(F.linear(y, s[f"{b}.pwconv2.weight"], s[f"{b}.pwconv2.bias"]))
        features.append(x)
    return features


def pvt_by_hand(s, x):
    def linear(y, key):
        return F.linear(y, s[f"{key}.weight"], s[f"{key}.bias"])

    features = []
    for i, depth in enumerate(DEPTHS["pvt_v2_b2"]):
        key = f"patch_embed{i + 1}"
        stride, padding = (2, 1) if i else (4, 3)
        x = F.conv2d(
            x,
            s[f"{key}.proj.weight"],
            s[f"{key}.proj.bias"],
            stride=stride,
            padding=padding,
        )
        n, d, height, width = x.shape
        x = norm(x.flatten(2).transpose(1, 2), s, f"{key}.norm", 1e-5)
        for j in range(depth):
            b = f"block{i + 1}.{j}"
            y = norm(x, s, f"{b}.norm1")
            seen = y
            if REDUCTIONS[i] > 1:
                grid = y.transpose(1, 2).reshape(n, d, height, width)
                seen = F.conv2d(
                    grid,
                    s[f"{b}.attn.sr.weight"],
                    s[f"{b}.attn.sr.bias"],
                    stride=REDUCTIONS[i],
                )
                seen = norm(seen.flatten(2).transpose(1, 2), s, f"{b}.attn.norm", 1e-5)
            mixed = attention(
                linear(y, f"{b}.attn.q"),
                *linear(seen, f"{b}.attn.kv").chunk(2, -1),
                HEADS[i],
            )
            x = x + linear(mixed, f"{b}.attn.proj")
            y = linear(norm(x, s, f"{b}.norm2"), f"{b}.mlp.fc1")
            kernel, bias = (
                s[f"{b}.mlp.dwconv.dwconv.weight"],
                s[f"{b}.mlp.dwconv.dwconv.bias"],
            )
            grid = y.transpose(1, 2).reshape(n, -1, height, width)
            y = F.gelu(
                F.conv2d(grid, kernel, bias, padding=1, groups=len(kernel))
                .flatten(2)
                .transpose(1, 2)
            )
            x = x + linear(y, f"{b}.mlp.fc2")
        x = norm(x, s, f"norm{i + 1}").transpose(1, 2).reshape(n, d, height, width)
        features.append(x)
    return features


BY_HAND = {
    "caformer_s18": caformer_by_hand,
    "convnextv2_tiny": convnext_by_hand,
    "pvt_v2_b2": pvt_by_hand,
}
