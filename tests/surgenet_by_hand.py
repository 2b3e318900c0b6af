"""Checkpoints as SurgeNet publishes them, generated: each network's forward pass is
written by hand over the original names, so that neither the renaming nor timm vouches
for itself.

python tests/surgenet_by_hand.py FOLDER: a file of each, for a run of the course
"""

import sys
import zlib
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

DIMS = (64, 128, 320, 512)  # of CAFormer and PVTv2


class Original(dict):
    """A checkpoint whose weights are drawn when a network first asks for them: the
    signal keeps its size, no norm is one and no bias zero. Images are (N, H, W, C)."""

    def weight(self, key: str, *shape: int) -> Tensor:
        if key not in self:
            chance = torch.Generator().manual_seed(zlib.crc32(key.encode()))
            value = torch.randn(shape, generator=chance)
            if len(shape) == 1:
                value = value * 0.1 + key.endswith(("weight", "scale"))
            elif ".grn." in key:
                value = value * 0.3
            else:
                value = value / value[0].numel() ** 0.5
            self[key] = value
        return self[key]

    def linear(self, x: Tensor, key: str, out: int, bias: bool = True) -> Tensor:
        kernel = self.weight(f"{key}.weight", out, x.shape[-1])
        return F.linear(x, kernel, self.weight(f"{key}.bias", out) if bias else None)

    def norm(self, x: Tensor, key: str, bias: bool = True, eps: float = 1e-6) -> Tensor:
        d = x.shape[-1]
        scale = self.weight(f"{key}.weight", d)
        shift = self.weight(f"{key}.bias", d) if bias else None
        return F.layer_norm(x, (d,), scale, shift, eps)

    def conv(self, x: Tensor, key: str, out: int, side: int, bias=True, **how):
        wide = x.shape[-1] // how.get("groups", 1)
        kernel = self.weight(f"{key}.weight", out, wide, side, side)
        shift = self.weight(f"{key}.bias", out) if bias else None
        return F.conv2d(x.permute(0, 3, 1, 2), kernel, shift, **how).permute(0, 2, 3, 1)


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    n, length, d = q.shape
    q, k, v = (t.reshape(n, -1, heads, d // heads).transpose(1, 2) for t in (q, k, v))
    mixed = F.scaled_dot_product_attention(q, k, v)
    return mixed.transpose(1, 2).reshape(n, length, d)


def caformer(s: Original, x: Tensor) -> list[Tensor]:
    features = []
    for i, (depth, d) in enumerate(zip((3, 3, 9, 3), DIMS)):
        down = f"downsample_layers.{i}"
        if i:
            x = s.norm(x, f"{down}.pre_norm", bias=False)
            x = s.conv(x, f"{down}.conv", d, 3, stride=2, padding=1)
        else:
            x = s.conv(x, f"{down}.conv", d, 7, stride=4, padding=2)
            x = s.norm(x, f"{down}.post_norm", bias=False)
        for j in range(depth):
            b, mixer = f"stages.{i}.{j}", f"stages.{i}.{j}.token_mixer"
            y = s.norm(x, f"{b}.norm1", bias=False)
            if i < 2:
                y = F.relu(s.linear(y, f"{mixer}.pwconv1", 2 * d, bias=False))
                about = dict(bias=False, padding=3, groups=2 * d)
                y = s.conv(y, f"{mixer}.dwconv", 2 * d, 7, **about)
                x = x + s.linear(y, f"{mixer}.pwconv2", d, bias=False)
            else:
                tokens = s.linear(y, f"{mixer}.qkv", 3 * d, bias=False).flatten(1, 2)
                y = attention(*tokens.chunk(3, -1), heads=d // 32).reshape(y.shape)
                x = x * s.weight(f"{b}.res_scale1.scale", d)
                x = x + s.linear(y, f"{mixer}.proj", d, bias=False)
            y = s.norm(x, f"{b}.norm2", bias=False)
            y = F.relu(s.linear(y, f"{b}.mlp.fc1", 4 * d, bias=False))
            kept = x * s.weight(f"{b}.res_scale2.scale", d) if i >= 2 else x
            x = kept + s.linear(y, f"{b}.mlp.fc2", d, bias=False)
        features.append(x.permute(0, 3, 1, 2))
    return features


def convnext(s: Original, x: Tensor) -> list[Tensor]:
    features = []
    for i, (depth, d) in enumerate(zip((3, 3, 9, 3), (96, 192, 384, 768))):
        down = f"downsample_layers.{i}"
        if i:
            x = s.conv(s.norm(x, f"{down}.0"), f"{down}.1", d, 2, stride=2)
        else:
            x = s.norm(s.conv(x, f"{down}.0", d, 4, stride=4), f"{down}.1")
        for j in range(depth):
            b = f"stages.{i}.{j}"
            y = s.conv(x, f"{b}.dwconv", d, 7, padding=3, groups=d)
            y = F.gelu(s.linear(s.norm(y, f"{b}.norm"), f"{b}.pwconv1", 4 * d))
            gamma, beta = (
                s.weight(f"{b}.grn.{one}", 1, 1, 1, 4 * d) for one in ("gamma", "beta")
            )
            size = y.square().sum((1, 2), keepdim=True).sqrt()
            y = gamma * y * size / (size.mean(-1, keepdim=True) + 1e-6) + beta + y
            x = x + s.linear(y, f"{b}.pwconv2", d)
        features.append(x.permute(0, 3, 1, 2))
    return features


def pvt(s: Original, x: Tensor) -> list[Tensor]:
    features = []
    stages = zip((3, 4, 6, 3), DIMS, (1, 2, 5, 8), (8, 8, 4, 4), (8, 4, 2, 1))
    for i, (depth, d, heads, ratio, reduction) in enumerate(stages):
        side, stride, padding = (3, 2, 1) if i else (7, 4, 3)
        place = f"patch_embed{i + 1}"
        x = s.conv(x, f"{place}.proj", d, side, stride=stride, padding=padding)
        x = s.norm(x, f"{place}.norm", eps=1e-5)
        for j in range(depth):
            b, wide = f"block{i + 1}.{j}", ratio * d
            y = seen = s.norm(x, f"{b}.norm1")
            if reduction > 1:
                seen = s.conv(y, f"{b}.attn.sr", d, reduction, stride=reduction)
                seen = s.norm(seen, f"{b}.attn.norm", eps=1e-5)
            q = s.linear(y, f"{b}.attn.q", d).flatten(1, 2)
            kv = s.linear(seen, f"{b}.attn.kv", 2 * d).flatten(1, 2)
            mixed = attention(q, *kv.chunk(2, -1), heads).reshape(x.shape)
            x = x + s.linear(mixed, f"{b}.attn.proj", d)
            y = s.linear(s.norm(x, f"{b}.norm2"), f"{b}.mlp.fc1", wide)
            about = dict(padding=1, groups=wide)
            y = F.gelu(s.conv(y, f"{b}.mlp.dwconv.dwconv", wide, 3, **about))
            x = x + s.linear(y, f"{b}.mlp.fc2", d)
        x = s.norm(x, f"norm{i + 1}")
        features.append(x.permute(0, 3, 1, 2))
    return features


BY_HAND = {"caformer_s18": caformer, "convnextv2_tiny": convnext, "pvt_v2_b2": pvt}


def draw(name: str) -> Original:
    """A checkpoint as SurgeNet publishes it: the encoder, its final norm and a head."""
    state = Original()
    last = BY_HAND[name](state, torch.zeros(1, 32, 32, 3))[-1].permute(0, 2, 3, 1)
    if name != "pvt_v2_b2":
        last = state.norm(last, "norm")
    state.linear(last, "head", 1000)
    return state


# The published file's name, and how many keys its encoder has.
FILES = {
    "caformer_s18": ("SurgeNetXL", 150),
    "convnextv2_tiny": ("SurgeNet_ConvNextv2", 196),
    "pvt_v2_b2": ("SurgeNet_PVTv2", 332),
}


def file(name: str, folder: Path) -> Path:
    """Such a checkpoint in a folder, by the name it is published under."""
    path = folder / f"{FILES[name][0]}_checkpoint_epoch0050_teacher.pth"
    torch.save(dict(draw(name)), path)
    return path


if __name__ == "__main__":
    for name in FILES:
        print(file(name, Path(sys.argv[1])))
