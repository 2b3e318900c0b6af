"""What covers a wound's edge: the drape, the retractor, the thread."""

import numpy as np

from phantom.scene import fibres, flat, linear, mix, noise, turned
from phantom.wound import Wound


def drape(wound: Wound) -> None:
    """Beyond the wound's outer edge, in about half of the clips: drape in the dark."""
    rng, scale, look = wound.rng, wound.scale, wound.look
    if rng.random() > 0.55:
        return
    heading = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:  # the upper corners most
        heading = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)
    half = np.array(wound.shape[::-1]) / 2
    reach = half @ np.abs(np.float32([np.cos(heading), np.sin(heading)]))
    out, aside = turned(wound.shape, half, heading)
    out -= aside * aside * np.float32(rng.uniform(-0.0005, 0.001) / scale)
    edge = reach * rng.uniform(0.36, 0.68)
    inside = out - np.float32(edge)
    inside += 10 * scale * noise(rng, wound.shape, 60 * scale, 2, 0.4)
    cloth = linear(20, 38, 42) if look["drape"] > 0.5 else linear(38, 35, 30)
    creases = fibres(
        rng, wound.shape, heading + 1.2, 120 * scale, 14 * scale, 20 * scale
    )
    colour = mix(cloth * 0.5, cloth * 1.5, np.clip(0.4 + 0.3 * creases, 0, 1))
    skin = (colour, 1.5 * scale * creases, 0.0)
    share = wound.lay(inside, skin, 0.0, 10, -12, 0.28, 2.5, 0.25)
    wound.foreign = np.maximum(wound.foreign, share)


def retractor(wound: Wound) -> None:
    """Tines of a rake that hold a plane back: steel from beyond the frame over its
    edge."""
    rng, scale = wound.rng, wound.scale
    side, start = rng.choice([-1.0, 1.0]), rng.uniform(-90, 90)
    tip, gap, half = rng.uniform(52, 84), rng.uniform(14, 22), rng.uniform(2.4, 4.0)
    number = int(rng.integers(2, 4))
    for tine in range(number):
        a = start + gap * (tine - number / 2)
        root = start + 0.6 * (a - start)
        line = [(a - 3, tip), (a, tip + 9), (0.5 * (a + root), tip + 70), (root, 300)]
        points = [wound.place(along, side * across) for along, across in line]
        inside = wound.tube(points, half)
        tone = np.clip(
            0.5 + 0.22 * wound.patches + inside / (3 * half * scale), 0.15, 1
        )
        steel = mix(linear(54, 52, 58), linear(158, 156, 166), tone)
        skin = (steel, np.float32(0), 1.6)
        share = wound.lay(inside, skin, half * 1.2, half, 8, 0.9, 0.7, 0.5)
        wound.foreign = np.maximum(wound.foreign, share)


def thread(wound: Wound) -> None:
    """A suture: a dark thread that lies in a loose loop."""
    rng, scale = wound.rng, wound.scale
    turn = np.cumsum(rng.normal(0, 0.16, 70) + rng.choice([-1, 1]) * 0.04)
    turn += rng.uniform(0, 2 * np.pi)
    steps = np.stack([np.cos(turn), np.sin(turn)], 1) * 3.2 * scale
    points = steps.cumsum(0) + wound.place(rng.normal(0, 50), rng.normal(0, 40))
    colour = linear(44, 40, 92) if rng.random() < 0.5 else linear(30, 28, 30)
    inside = wound.tube(points, 0.8)
    skin = (flat(colour, wound.shape), wound.height.copy(), 0.5)
    wound.lay(inside, skin, 0.8, 0.8, 0.5, 1.0, 0.6, 0.2)
