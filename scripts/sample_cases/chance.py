"""Repeatable chance: the same seed gives the same numbers on every Python."""

import math

MASK = (1 << 64) - 1


def scramble(word):
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): one word to an unrelated one."""
    word = (word + 0x9E3779B97F4A7C15) & MASK
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & MASK
    return word ^ word >> 31


class Chance:
    def __init__(self, seed):
        self.state = scramble(seed)

    def word(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return scramble(self.state)

    def unit(self):
        """Uniform in [0, 1)."""
        return (self.word() >> 11) / (1 << 53)

    def between(self, low, high):
        return low + (high - low) * self.unit()

    def whole(self, low, high):
        """A whole number from low to high, both included."""
        return low + self.word() % (high - low + 1)

    def pick(self, items):
        return items[self.word() % len(items)]

    def events(self, rate, seconds):
        """The times of a Poisson process of `rate` per second."""
        now, times = 0.0, []
        while True:
            now += -math.log(1.0 - self.unit()) / rate
            if now >= seconds:
                return times
            times.append(int(now))


def wobble(key, when, period):
    """Smooth noise in [-1, 1]: random values on a lattice of `period`, joined by cosines."""
    place = when / period
    left = math.floor(place)
    share = (1 - math.cos(math.pi * (place - left))) / 2

    def level(at):
        return scramble(key * 0x1000193 ^ (at & MASK)) / (1 << 63) - 1

    return level(left) * (1 - share) + level(left + 1) * share
