"""Small pictures for the documentation: RGB turned into a palette, which text hardly shows."""

import struct
import zlib

COLOURS = 256


def with_palette(png):
    """The same picture with its 256 commonest colours; others become the nearest of them."""
    pieces = list(chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", pieces[0][1][:10])
    if (depth, kind) not in ((8, 2), (8, 6)):
        return png
    step = 3 if kind == 2 else 4
    rows = unfiltered(zlib.decompress(b"".join(data for name, data in pieces if name == b"IDAT")), width, height, step)
    pixels = [bytes(row[at:at + 3]) for row in rows for at in range(0, width * step, step)]
    counts = {}
    for pixel in pixels:
        counts[pixel] = counts.get(pixel, 0) + 1
    palette = sorted(counts, key=lambda pixel: (-counts[pixel], pixel))[:COLOURS]
    index = {pixel: place for place, pixel in enumerate(palette)}
    for pixel in counts:
        if pixel not in index:
            index[pixel] = min(range(len(palette)), key=lambda n: sum((a - b) ** 2 for a, b in zip(palette[n], pixel)))
    flat = bytes(index[pixel] for pixel in pixels)
    packed = b"".join(b"\0" + flat[y * width:(y + 1) * width] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    made = [(b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(packed, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(chunk(*piece) for piece in made)


def chunks(png):
    at = 8
    while at < len(png):
        length = struct.unpack(">I", png[at:at + 4])[0]
        yield png[at + 4:at + 8], png[at + 8:at + 8 + length]
        at += length + 12


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def unfiltered(data, width, height, step):
    """Rows of bytes, their filters undone (PNG specification, section 9)."""
    stride = width * step
    above = bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        kind, row = data[start], bytearray(data[start + 1:start + 1 + stride])
        for x in range(stride):
            left = row[x - step] if x >= step else 0
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + above[x]) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + above[x]) // 2) & 255
            elif kind == 4:
                row[x] = (row[x] + paeth(left, above[x], above[x - step] if x >= step else 0)) & 255
        yield row
        above = row


def paeth(left, up, corner):
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
