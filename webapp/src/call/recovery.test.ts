import { describe, expect, it } from 'vitest';
import { type Trouble, nextTry, remedyFor } from './recovery';

const trouble = (more: Partial<Trouble> = {}): Trouble => ({ since: 10_000, fresh: false, unanswered: 0, beyondIce: false, ...more });

describe('when', () => {
  it('tries 1 s after a link broke and every 4 s from then on', () => {
    expect(nextTry(trouble())).toBe(11_000);
    expect(nextTry(trouble({ tried: 11_000 }))).toBe(15_000);
    expect(nextTry(trouble({ tried: 15_000, unanswered: 1 }))).toBe(19_000);
  });

  it('gives a new link 8 s, but repeats an offer that nobody answers', () => {
    expect(nextTry(trouble({ fresh: true }))).toBe(18_000);
    expect(nextTry(trouble({ fresh: true, tried: 10_000 }))).toBe(18_000);
    expect(nextTry(trouble({ fresh: true, tried: 10_000, unanswered: 1 }))).toBe(14_000);
  });
});

describe('how', () => {
  it('asks the other end where that one offers', () => {
    expect(remedyFor(trouble({ beyondIce: true, unanswered: 9 }), false)).toBe('ask');
  });

  it('restarts ICE, repeats what was not answered, and begins anew after three repeats', () => {
    expect(remedyFor(trouble(), true)).toBe('restart');
    expect(remedyFor(trouble({ unanswered: 1 }), true)).toBe('repeat');
    expect(remedyFor(trouble({ unanswered: 3 }), true)).toBe('repeat');
    expect(remedyFor(trouble({ unanswered: 4 }), true)).toBe('renew');
  });

  it('begins anew when the transport itself failed', () => {
    expect(remedyFor(trouble({ beyondIce: true }), true)).toBe('renew');
  });
});
