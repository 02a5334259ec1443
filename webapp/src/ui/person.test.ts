import { describe, expect, it } from 'vitest';
import type { Person } from '../call/state';
import { hueOf, hues, initials, inOrder, reachText } from './person';

describe('initials', () => {
  it('take one or two signs of a name', () => {
    const wanted = { Ann: 'A', 'ann lee': 'AL', 'Ann Mary Lee': 'AL', 김민준: '민준', '남궁 세연': '남세', '🦦': '🦦', 'é́mile': 'É́', '  ': '?' };
    for (const [name, signs] of Object.entries(wanted)) expect(initials(name), name).toBe(signs);
  });
});

describe('hueOf', () => {
  it('is the same for the same name and one of those that there are', () => {
    for (const name of ['Ann', '김민준', '', 'x'.repeat(40), '🦦']) {
      expect(hueOf(name)).toBe(hueOf(name));
      expect(hueOf(name)).toBeGreaterThanOrEqual(0);
      expect(hueOf(name)).toBeLessThan(hues);
    }
    expect(new Set(['Ann', 'Ben', 'Chi', 'Dora', 'Emil'].map(hueOf)).size).toBeGreaterThan(2);
  });
});

describe('reachText', () => {
  it('says the worst that is so', () => {
    expect(reachText({ self: false, present: true, reach: 'connected' })).toBeUndefined();
    expect(reachText({ self: false, present: false, reach: 'connected' })).toBe('tile.away');
    expect(reachText({ self: false, present: false, reach: 'reconnecting' })).toBe('tile.reconnecting');
    expect(reachText({ self: false, present: true, reach: 'stuck' })).toBe('tile.stuck');
    expect(reachText({ self: true, present: false, reach: 'connecting' })).toBeUndefined();
  });
});

it('people stand by seat, oneself last', () => {
  const people = [
    { peer: 'c', seat: 3 },
    { peer: 'me', seat: 0, self: true },
    { peer: 'a', seat: 1 },
  ] as Person[];
  expect(inOrder(people.map((person) => ({ ...person, self: person.self ?? false }))).map((person) => person.peer)).toEqual(['a', 'c', 'me']);
});
