import { describe, expect, it } from 'vitest';
import { type Limit, limitOf, rateOf, strain, tuning, unstrained } from './adapt';

const hd = { width: 1280, height: 720 };

describe('tuning', () => {
  it('falls with the number of links', () => {
    expect(tuning(hd, 1, 0)).toEqual({ scaleResolutionDownBy: 1, maxBitrate: 1_700_000, maxFramerate: 30 });
    expect(tuning(hd, 2, 0).scaleResolutionDownBy).toBe(1.33);
    expect(tuning(hd, 3, 0).scaleResolutionDownBy).toBe(2);
    expect(tuning(hd, 9, 0).scaleResolutionDownBy).toBe(4);
  });

  it('keeps all links together within one uplink', () => {
    for (let links = 1; links <= 9; links++) expect(links * tuning(hd, links, 0).maxBitrate).toBeLessThanOrEqual(2_000_000);
  });

  it('goes by the real size: a small camera is not scaled up, a phone held upright counts its shorter side', () => {
    expect(tuning({ width: 640, height: 480 }, 1, 0).scaleResolutionDownBy).toBe(1);
    expect(tuning({ width: 720, height: 1280 }, 3, 0).scaleResolutionDownBy).toBe(2);
  });

  it('gives a picture no more than its lines deserve, so that a move to a relay changes little', () => {
    expect([1080, 720, 540, 480, 360, 180].map(rateOf)).toEqual([1_700_000, 1_700_000, 1_000_000, 866_667, 600_000, 220_000]);
    expect(rateOf(120)).toBeLessThan(rateOf(180));
    expect(tuning({ width: 320, height: 180 }, 1, 0).maxBitrate).toBe(220_000);
  });

  it('goes down by steps', () => {
    expect(tuning(hd, 1, 1)).toEqual({ scaleResolutionDownBy: 1.5, maxBitrate: 1_700_000, maxFramerate: 24 });
    expect(tuning(hd, 1, 9)).toEqual(tuning(hd, 1, 2));
  });
});

describe('strain', () => {
  // One look each 2 s.
  const after = (...limits: Limit[]): number =>
    limits.reduce((now, limit, n) => strain(now, limit, n * 2000), unstrained(0)).step;

  it('steps down soon when the processor is short, late when the bandwidth is', () => {
    expect(after('cpu', 'cpu')).toBe(0);
    expect(after('cpu', 'cpu', 'cpu')).toBe(1);
    expect(after('bandwidth', 'bandwidth', 'bandwidth')).toBe(0);
    expect(after(...Array<Limit>(7).fill('bandwidth'))).toBe(1);
  });

  it('steps up after a while of ease, and waits longer each time', () => {
    let now = { ...unstrained(0), step: 1, patience: 40_000 };
    now = strain(now, 'none', 39_000);
    expect(now.step).toBe(1);
    now = strain(now, 'none', 40_000);
    expect(now.step).toBe(0);
    const again = strain({ ...now, strained: true, since: 50_000 }, 'cpu', 60_000);
    expect(again).toMatchObject({ step: 1, patience: 80_000 });
  });

  it('is not moved by a short spell', () => {
expect(after('cpu', 'cpu', 'none', 'cpu', 'cpu', 'none', 'cpu', 'cpu')).toBe(0);
  });
});

describe('limitOf', () => {
  it('believes in a shortage of bandwidth only where the bit rate is far below what is allowed', () => {
    expect(limitOf({ qualityLimitationReason: 'bandwidth', targetBitrate: 1_700_000 }, 1_700_000)).toBe('none');
    expect(limitOf({ qualityLimitationReason: 'bandwidth', targetBitrate: 300_000 }, 1_700_000)).toBe('bandwidth');
    expect(limitOf({ qualityLimitationReason: 'cpu', targetBitrate: 1_700_000 }, 1_700_000)).toBe('cpu');
    expect(limitOf({}, 0)).toBe('none');
  });
});
