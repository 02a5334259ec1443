import { expect, it } from 'vitest';
import { parsePath, roomPath } from './route';
import { lists, randomRoom } from './words';

it('names are three plain words, each in one list once', () => {
  const words = lists.flat();
  for (const word of words) expect(word).toMatch(/^[a-z]{2,12}$/);
  for (const list of lists) expect(new Set(list).size).toBe(list.length);
  for (let n = 0; n < 200; n++) {
    const room = randomRoom();
    expect(room).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
    expect(parsePath(roomPath(room))).toEqual({ view: 'room', room });
  }
});

it('there are too many names to guess one that is in use', () => {
  expect(lists.reduce((product, list) => product * list.length, 1)).toBeGreaterThan(700_000);
});

it('two names in a row differ', () => {
  expect(new Set(Array.from({ length: 50 }, randomRoom)).size).toBeGreaterThan(45);
});
