import { describe, expect, it } from 'vitest';
import { arrange } from './grid';

const gap = 8;
const boxes = {
  desktop: { width: 1256, height: 676 },
  tablet: { width: 760, height: 900 },
  phone: { width: 374, height: 712 },
  corner: { width: 484, height: 292 },
};

describe('arrange', () => {
  it('keeps every tile inside the box, and room for everyone', () => {
    for (const box of Object.values(boxes)) {
      for (let n = 1; n <= 60; n++) {
        const { columns, rows, tile } = arrange(n, box, gap);
        expect(columns * rows).toBeGreaterThanOrEqual(n);
        expect(columns * (rows - 1)).toBeLessThan(n);
        expect(columns * tile.width + (columns - 1) * gap).toBeLessThanOrEqual(box.width);
        expect(rows * tile.height + (rows - 1) * gap).toBeLessThanOrEqual(box.height);
        expect(tile.width).toBeGreaterThan(0);
      }
    }
  });

  it('uses at least half of the space for one to six people', () => {
    for (const [name, box] of Object.entries(boxes)) {
      for (let n = 1; n <= 6; n++) {
        const { tile } = arrange(n, box, gap);
        const used = (n * tile.width * tile.height) / (box.width * box.height);
        expect(used, `${n} people, ${name}`).toBeGreaterThan(0.5);
      }
    }
  });

  it('puts people beside each other on a desk and above each other on a phone', () => {
    const shape = (n: number, box: { width: number; height: number }) => {
      const { columns, rows } = arrange(n, box, gap);
      return `${columns}x${rows}`;
    };
    expect([1, 2, 3, 4, 5, 6, 9].map((n) => shape(n, boxes.desktop))).toEqual(['1x1', '2x1', '2x2', '2x2', '3x2', '3x2', '3x3']);
    expect([1, 2, 3, 4, 6].map((n) => shape(n, boxes.phone))).toEqual(['1x1', '1x2', '1x3', '1x4', '2x3']);
  });

  it('never makes a tile too wide or too narrow for a face', () => {
    for (const box of Object.values(boxes)) {
      for (let n = 1; n <= 30; n++) {
        const { tile } = arrange(n, box, gap);
        const shape = tile.width / tile.height;
        expect(shape).toBeLessThan(16 / 9 + 0.05);
        expect(shape).toBeGreaterThan((box.width < box.height ? 2 / 3 : 5 / 4) - 0.05);
      }
    }
  });

  it('survives a box without space and nobody in it', () => {
    expect(arrange(3, { width: 0, height: 0 }, gap).tile).toEqual({ width: 0, height: 0 });
    expect(arrange(3, { width: 5, height: 5 }, gap).tile).toEqual({ width: 0, height: 0 });
    expect(arrange(0, boxes.desktop, gap).rows).toBe(1);
  });
});
