import { describe, expect, it } from 'vitest';
import { announced, announcedScreen, encodings, layersOf, ramp } from './encodings';

const size = (width: number, height: number) => ({ width, height });
const used = (width: number, height: number, mask = 7, most = 3): string =>
  encodings(size(width, height), mask, most).filter((one) => one.active).map((one) => `${one.rid}/${one.scaleResolutionDownBy}`).join(' ');

describe('encodings', () => {
  it('are as many as the picture is allowed, the largest of full size', () => {
    expect(used(1920, 1080)).toBe('q/4 h/2 f/1');
    expect(used(1280, 720)).toBe('q/4 h/2 f/1');
    expect(used(960, 540)).toBe('q/4 h/2 f/1');
    expect(used(640, 480)).toBe('q/2 h/1');
    expect(used(640, 360)).toBe('q/2 h/1');
    expect(used(320, 240)).toBe('q/1');
    expect(layersOf(size(360, 640))).toBe(2); // held upright
  });

  it('are always three, of one order: browsers take no others later', () => {
    for (const [width, height] of [[1280, 720], [640, 360], [160, 90]] as const) {
      expect(encodings(size(width, height), 7, 3).map((one) => one.rid)).toEqual(['q', 'h', 'f']);
    }
  });

  it('are sent only where somebody watches, and as many as may be for now', () => {
    expect(used(1280, 720, 5)).toBe('q/4 f/1');
    expect(used(1280, 720, 0)).toBe('');
    expect(used(1280, 720, 7, 1)).toBe('q/4');
    expect(used(640, 360, 4)).toBe('');
  });

  it('are announced as they are', () => {
    expect(announced(size(1280, 720))).toEqual([
      { width: 320, height: 180, kbps: 220 }, { width: 640, height: 360, kbps: 600 }, { width: 1280, height: 720, kbps: 1700 },
    ]);
    expect(announced(size(320, 180))).toEqual([{ width: 320, height: 180, kbps: 220 }]);
    expect(announcedScreen(size(2560, 1440))).toMatchObject([{ width: 2560, height: 1440 }]);
  });
});

it('the ramp goes up one layer at a time, soon', () => {
  const times = [0, 249, 250, 899, 900, 60_000];
  expect(times.map((time) => ramp(time).most)).toEqual([1, 1, 2, 2, 3, 3]);
  let now = 0;
  for (let steps = 0; ramp(now).nextIn !== null; steps++) {
    expect(steps).toBeLessThan(3);
    now += ramp(now).nextIn ?? 0;
  }
  expect(ramp(now).most).toBe(3);
  expect(now).toBeLessThan(1500); // 2 s is what a switch may take to look as before
});
