import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Mender } from './mender';

function setUp(offers = true) {
  const far = { able: true, beyondIce: false };
  const tried: string[] = []; // "remedy at ms since the beginning"
  const reached: string[] = [];
  const began = Date.now();
  const since = (): number => Date.now() - began;
  const mender: Mender = new Mender(offers, {
    able: () => far.able,
    beyondIce: () => far.beyondIce,
    apply: (remedy) => {
      tried.push(`${remedy} at ${since()}`);
      if (remedy !== 'ask') mender.sent();
    },
    changed: () => reached.push(`${mender.reach} at ${since()}`),
  });
  return { mender, far, tried, reached };
}

/** A link that worked until now. */
function broken(offers = true) {
  const set = setUp(offers);
  set.mender.begin();
  set.mender.stateIs('connected');
  set.reached.length = 0;
  return set;
}

const pass = (millis: number): void => void vi.advanceTimersByTime(millis);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a link that broke', () => {
  it('is tried 1 s later and each 4 s until it is up', () => {
    const { mender, tried, reached } = broken();
    mender.stateIs('disconnected');
    pass(9999);
    expect(tried).toEqual(['restart at 1000', 'repeat at 5000', 'repeat at 9000']);
    mender.stateIs('connected');
    pass(60_000);
    expect(tried).toHaveLength(3);
    expect(reached).toEqual(['reconnecting at 0', 'connected at 9999']);
  });

  it('is tried at once when signaling is back, however short ago a try came to nothing', () => {
    for (const offers of [true, false]) {
      const { mender, far, tried } = broken(offers);
      far.able = false;
      mender.stateIs('disconnected');
      pass(12_500);
      mender.hurry(); // the network is back
      pass(150);
      far.able = true;
      mender.hurry(); // the signaling too
      expect(tried).toEqual([`${offers ? 'restart' : 'ask'} at 12650`]);
    }
  });

  it('is tried at once when the last try by the clock came to nothing', () => {
    const { mender, far, tried } = broken();
    far.able = false;
    mender.stateIs('disconnected');
    pass(1100);
    far.able = true;
    mender.hurry();
    expect(tried).toEqual(['restart at 1100']);
  });

  it('is not tried twice in a moment when the first went out', () => {
    const { mender, tried } = broken();
    mender.stateIs('disconnected');
    pass(1100);
    mender.hurry();
    expect(tried).toEqual(['restart at 1000']);
    pass(500);
    mender.hurry();
    expect(tried).toEqual(['restart at 1000', 'repeat at 1600']);
  });

  it('is tried at once when the far end is back, since it heard nothing of what was sent', () => {
    const { mender, tried } = broken();
    mender.stateIs('disconnected');
    pass(1100);
    mender.restored();
    expect(tried).toEqual(['restart at 1000', 'repeat at 1100']);
  });

  it('is left alone once it is closed', () => {
    const { mender, tried, reached } = setUp();
    mender.begin();
    mender.close();
    mender.hurry();
    mender.restored();
    pass(60_000);
    expect([tried, reached]).toEqual([[], []]);
  });
});

describe('a link that never comes up', () => {
  it('is stuck after 15 s, and no more once it is up', () => {
    const { mender, reached } = setUp();
    mender.begin();
    pass(20_000);
    mender.stateIs('connected');
    expect(reached).toEqual(['stuck at 15000', 'connected at 20000']);
  });

  it('is not stuck for time in which the two could not speak to each other', () => {
    for (const back of ['hurry', 'restored'] as const) {
      const { mender, far, reached } = setUp();
      far.able = false;
      mender.begin();
      pass(14_000);
      far.able = true;
      mender[back]();
      pass(14_999);
      expect(reached).toEqual([]);
      pass(1);
      expect(reached).toEqual(['stuck at 29000']);
    }
  });

  it('is not stuck while they still cannot', () => {
    const { mender, far, reached } = setUp();
    far.able = false;
    mender.begin();
    pass(120_000);
    expect(reached).toEqual([]);
  });
});
