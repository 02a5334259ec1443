import { describe, expect, it } from 'vitest';
import { announced, announcedScreen, cameraEncodings, encodings, layered, layersOf, ramp, screenEncoding } from './encodings';

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
    expect(announced('vp8', size(1280, 720), 1)).toEqual([
      { width: 320, height: 180, kbps: 220 }, { width: 640, height: 360, kbps: 600 }, { width: 1280, height: 720, kbps: 1700 },
    ]);
    expect(announced('vp8', size(320, 180), 7)).toEqual([{ width: 320, height: 180, kbps: 220 }]);
    expect(announcedScreen(size(2560, 1440))).toMatchObject([{ width: 2560, height: 1440 }]);
  });
});

describe('layers within one stream', () => {
  const one = (width: number, height: number, mask = 7, most = 3): string => {
    const { scalabilityMode, scaleResolutionDownBy, active } = layered(size(width, height), mask, most);
    return active ? `${scalabilityMode}/${scaleResolutionDownBy}` : 'none';
  };

  it('are as many as the picture is allowed', () => {
    expect([one(1920, 1080), one(960, 540), one(640, 360), one(320, 180)]).toEqual(['L3T3_KEY/1', 'L3T3_KEY/1', 'L2T3_KEY/1', 'L1T3/1']);
    expect(layered(size(1280, 720), 7, 3).maxBitrate).toBe(220_000 + 600_000 + 1_700_000);
  });

  it('are left out from the top, and the others keep their sizes', () => {
    expect([one(1280, 720, 3), one(1280, 720, 1), one(1280, 720, 5), one(640, 360, 1)]).toEqual(['L2T3_KEY/2', 'L1T3/4', 'L3T3_KEY/1', 'L1T3/2']);
    expect([one(1280, 720, 7, 1), one(1280, 720, 7, 2), one(1280, 720, 1, 2)]).toEqual(['L1T3/4', 'L2T3_KEY/2', 'L1T3/4']);
    expect(one(320, 180, 6)).toBe('L1T3/1'); // of layers that it has not
    expect(layered(size(1280, 720), 3, 3).maxBitrate).toBe(220_000 + 600_000);
  });

  it('are not sent where nobody watches', () => {
    expect(one(1280, 720, 0)).toBe('none');
    expect(layered(size(1280, 720), 0, 3).scalabilityMode).toBe('L3T3_KEY');
  });

  it('are announced as those that remain', () => {
    const heights = (mask: number): number[] => announced('vp9', size(1280, 720), mask).map(({ height }) => height);
    expect([heights(7), heights(3), heights(1), heights(0)]).toEqual([[180, 360, 720], [180, 360], [180], [180, 360, 720]]);
  });

  it('are for VP9 and AV1, and a screen has none of another size', () => {
    expect(cameraEncodings('vp8', size(1280, 720), 7, 3).map(({ rid }) => rid)).toEqual(['q', 'h', 'f']);
    expect(cameraEncodings('av1', size(1280, 720), 7, 3)).toEqual([layered(size(1280, 720), 7, 3)]);
    expect([screenEncoding('vp8').scalabilityMode, screenEncoding('vp9').scalabilityMode]).toEqual([undefined, 'L1T3']);
    expect(screenEncoding('vp9', false).active).toBe(false);
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
