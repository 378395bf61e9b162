// Pictures with a palette: a page has few colours, and a picture with 256 of them is a third as large.
import { writeFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';

/** Saves a PNG with at most 256 colours; the browser reads what it was made from. */
export async function savePalettePicture(browser, png, path) {
  const { width, height, colours, places } = await quantise(browser, png);
  const lines = Buffer.alloc((width + 1) * height);
  const pixels = Buffer.from(places, 'base64');
  // Each line begins with how it is filtered: not at all.
  for (let y = 0; y < height; y += 1) pixels.copy(lines, y * (width + 1) + 1, y * width, (y + 1) * width);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  await writeFile(
    path,
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('PLTE', Buffer.from(colours)),
      chunk('IDAT', deflateSync(lines, { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(8 + body.length);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), 4 + body.length);
  return whole;
}

/** The most frequent colours, and for each pixel the place of the nearest. */
async function quantise(browser, png) {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const { width, height } = image;
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const count = new Map();
      const colour = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      for (let at = 0; at < data.length; at += 4) count.set(colour(at), (count.get(colour(at)) ?? 0) + 1);
      const frequent = [...count].sort(([, one], [, other]) => other - one).slice(0, 256);
      const palette = frequent.map(([value]) => [value >> 16, (value >> 8) & 255, value & 255]);
      const nearest = new Map(frequent.map(([value], place) => [value, place]));
      const find = (value) => {
        const [red, green, blue] = [value >> 16, (value >> 8) & 255, value & 255];
        let best = 0;
        let least = Infinity;
        for (const [place, [r, g, b]] of palette.entries()) {
          const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
          if (distance < least) [best, least] = [place, distance];
        }
        nearest.set(value, best);
        return best;
      };
      const places = new Uint8Array(width * height);
      for (let at = 0; at < data.length; at += 4) places[at / 4] = nearest.get(colour(at)) ?? find(colour(at));
      let text = '';
      for (let at = 0; at < places.length; at += 32768) text += String.fromCharCode(...places.subarray(at, at + 32768));
      return { width, height, colours: palette.flat(), places: btoa(text) };
    }, `data:image/png;base64,${png.toString('base64')}`);
  } finally {
    await page.close();
  }
}
