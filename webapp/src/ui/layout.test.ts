import { describe, expect, it } from 'vitest';
import type { Box, Rect } from './grid';
import { gap, layOut, type Layout, type Scene } from './layout';

const boxes = {
  desktop: { width: 1256, height: 676 },
  tablet: { width: 760, height: 900 },
  phone: { width: 374, height: 700 },
  lying: { width: 828, height: 270 },
  corner: { width: 484, height: 300 },
};
const others = (n: number) => Array.from({ length: n }, (_, at) => `p${at + 1}`);
const scene = (box: Box, n: number, more: Partial<Scene> = {}): Scene => ({ box, people: others(n - 1), self: 'me', screens: [], page: 0, ...more });

const cameras = (layout: Layout) => layout.cells.flatMap(({ peer, kind }) => (kind === 'camera' ? [peer] : []));
const screens = (layout: Layout) => layout.cells.flatMap(({ peer, kind }) => (kind === 'screen' ? [peer] : []));

function apart(a: Rect, b: Rect): boolean {
  return a.x + a.width + gap <= b.x || b.x + b.width + gap <= a.x || a.y + a.height + gap <= b.y || b.y + b.height + gap <= a.y;
}

/** All pages of a scene. */
function pages(first: Scene): Layout[] {
  return Array.from({ length: layOut(first).pages }, (_, page) => layOut({ ...first, page }));
}

describe('layOut', () => {
  it('keeps everything inside the stage and apart, however many people and screens', () => {
    for (const [name, box] of Object.entries(boxes)) {
      for (const shared of [[], ['p1'], ['p1', 'p2', 'p3', 'p4', 'p5']]) {
        for (const n of [3, 5, 6, 9, 25, 26, 50]) {
          for (const { cells, pager } of pages(scene(box, n, { screens: shared.slice(0, n - 1) }))) {
            const rects = [...cells.map(({ rect }) => rect), ...(pager ? [pager] : [])];
            const outside = rects.filter(({ x, y, width, height }) => x < 0 || y < 0 || x + width > box.width || y + height > box.height);
            const tiny = rects.filter(({ width, height }) => Math.min(width, height) < 44);
            const touching = rects.filter((rect, at) => rects.slice(at + 1).some((other) => !apart(rect, other)));
            expect({ outside, tiny, touching }, `${n} people, ${shared.length} screens, ${name}`).toEqual({ outside: [], tiny: [], touching: [] });
          }
        }
      }
    }
  });

  it('shows everybody on some page once, and oneself last on each', () => {
    for (const box of Object.values(boxes)) {
      for (const shared of [[], ['p2'], ['p2', 'p4', 'p3']]) {
        const all = pages(scene(box, 50, { screens: shared }));
        expect(all.flatMap((layout) => cameras(layout).filter((peer) => peer !== 'me'))).toEqual(others(49));
        for (const layout of all) {
          expect(cameras(layout).at(-1)).toBe('me');
          expect(others(49).slice(layout.from, layout.to)).toEqual(cameras(layout).slice(0, -1));
          if (shared.length > 0) expect(screens(layout)[0]).toBe('p2');
        }
        expect(new Set(all.flatMap(screens))).toEqual(new Set(shared));
      }
    }
  });

  it('needs no pages for a group of friends, and few for a crowd', () => {
    const count = (box: Box, n: number) => layOut(scene(box, n)).pages;
    expect(count(boxes.desktop, 25)).toBe(1);
    expect(count(boxes.desktop, 50)).toBe(3);
    expect(count(boxes.phone, 9)).toBe(1);
    expect(count(boxes.corner, 9)).toBe(1);
    expect(layOut(scene(boxes.corner, 5)).pager).toBeUndefined();
    const sizes = pages(scene(boxes.desktop, 50)).map(({ cells }) => cells.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1); // no page with one lonely person
  });

  it('gives tiles of different pages one size', () => {
    for (const box of Object.values(boxes)) {
      const sizes = pages(scene(box, 50)).flatMap(({ cells }) => cells.map(({ rect }) => `${rect.width}x${rect.height}`));
      expect(new Set(sizes).size).toBe(1);
    }
  });

  it('gives a shared screen most of the stage', () => {
    for (const [name, box] of Object.entries(boxes)) {
      const { cells, large } = layOut(scene(box, 9, { screens: ['p3', 'p1'] }));
      const [screen] = cells;
      expect([large, screen?.peer, screen?.kind]).toEqual(['p3', 'p3', 'screen']);
      const { width, height } = screen!.rect;
      expect(Math.max(width / box.width, height / box.height), name).toBe(1);
      expect((width * height) / (box.width * box.height), name).toBeGreaterThan(0.3);
      for (const { rect } of cells.slice(1)) expect(rect.width * rect.height).toBeLessThan((width * height) / 2);
    }
  });

  it('lays two people on a phone over each other, and lets one who is alone invite', () => {
    expect(layOut(scene(boxes.phone, 2))).toMatchObject({ inset: true, cells: [{ peer: 'p1', rect: { x: 0, y: 0, ...boxes.phone } }, { peer: 'me' }] });
    expect(layOut(scene(boxes.desktop, 2)).inset).toBe(false);
    expect(layOut(scene(boxes.desktop, 1)).card).toBeDefined();
    expect(layOut(scene(boxes.desktop, 2)).card).toBeUndefined();
  });

  it('stays on the nearest page when there are fewer, and shows all before it is measured', () => {
    expect(layOut(scene(boxes.desktop, 50, { page: 9 })).page).toBe(2);
    expect(layOut(scene(boxes.desktop, 9, { page: 2 })).page).toBe(0);
    const blank = layOut(scene({ width: 0, height: 0 }, 60));
    expect([blank.pages, blank.cells.length]).toEqual([1, 60]);
  });
});
