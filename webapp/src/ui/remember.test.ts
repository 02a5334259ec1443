import { expect, it } from 'vitest';
import { readRooms, recall, remember, withRoom } from './remember';

it('the latest room stands first, once, and old ones drop out', () => {
  expect(withRoom(['a', 'B', 'c'], 'b')).toEqual(['b', 'a', 'c']);
  expect(withRoom(['1', '2', '3', '4', '5', '6'], '7')).toEqual(['7', '1', '2', '3', '4', '5']);
});

it('whatever else is kept under the name counts as nothing', () => {
  for (const kept of [null, '', '{', '{"0":"a"}', '7', 'null']) expect(readRooms(kept)).toEqual([]);
  expect(readRooms('["a",1,null,"b"]')).toEqual(['a', 'b']);
});

it('a browser without storage is no error', () => {
  expect(() => remember('name', 'Ann')).not.toThrow();
  expect(recall('name')).toBeNull();
});
