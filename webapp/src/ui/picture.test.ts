import { expect, it } from 'vitest';
import { contained, pictureBox } from './picture';

const camera = { width: 1280, height: 720 };

it('a picture fills a tile of its own or a similar shape', () => {
  expect(pictureBox(camera, { width: 640, height: 360 })).toEqual({ width: 640, height: 360 });
  expect(pictureBox(camera, { width: 400, height: 400 })).toEqual({ width: 400, height: 400 });
  expect(pictureBox(camera, { width: 374, height: 712 })).toEqual({ width: 374, height: 420.75 });
});

it('enough of a picture is seen, however odd the tile', () => {
  for (const tile of [{ width: 374, height: 712 }, { width: 712, height: 200 }, { width: 90, height: 400 }]) {
    for (const picture of [camera, { width: 360, height: 640 }]) {
      const box = pictureBox(picture, tile);
      expect(box.width).toBeLessThanOrEqual(tile.width);
      expect(box.height).toBeLessThanOrEqual(tile.height);
      const scale = Math.max(box.width / picture.width, box.height / picture.height);
      const seen = (box.width * box.height) / (picture.width * picture.height * scale * scale);
      expect(seen).toBeGreaterThan(0.399);
    }
  }
});

it('before its size is known, a picture takes the whole tile', () => {
  expect(pictureBox({ width: 0, height: 0 }, camera)).toEqual(camera);
});

it('the whole of a screen is shown, as large as can be and in the middle', () => {
  const rect = { x: 10, y: 20, width: 1000, height: 700 };
  expect(contained({ width: 1920, height: 960 }, rect)).toEqual({ x: 10, y: 120, width: 1000, height: 500 });
  expect(contained({ width: 350, height: 700 }, rect)).toEqual({ x: 335, y: 20, width: 350, height: 700 });
  expect(contained({ width: 0, height: 0 }, rect)).toEqual(rect);
});
