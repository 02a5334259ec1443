import { describe, expect, it } from 'vitest';
import type { Person } from '../call/state';
import { keepInView, nobody, seated, type Order } from './order';

const people = (...names: string[]) =>
  names.map((peer, seat) => ({ peer, seat, self: peer === 'me' }) as Person);
const order = (peers: string, heard = ''): Order => ({ peers: [...peers], heard: [...heard] });
const read = ({ peers }: Order) => peers.join('');

describe('seated', () => {
  it('places others by seat, leaves oneself out and everybody where they were', () => {
    const first = seated(nobody, people('a', 'me', 'b', 'c'));
    expect(read(first)).toBe('abc');
    expect(read(seated(order('cab'), people('a', 'me', 'b', 'c')))).toBe('cab');
  });

  it('puts a newcomer last, even on the seat of somebody who left', () => {
    expect(read(seated(order('abc'), people('a', 'x', 'c', 'me')))).toBe('acx');
  });

  it('is the same thing while nobody comes or goes', () => {
    const now = order('ab', 'b');
    expect(seated(now, people('a', 'b', 'me'))).toBe(now);
  });
});

describe('keepInView', () => {
  it('leaves everybody where they are when who speaks is in view', () => {
    expect(read(keepInView(order('abcdef'), 0, 3, ['b']))).toBe('abcdef');
    expect(read(keepInView(order('abcdef'), 3, 6, ['e', 'f']))).toBe('abcdef');
  });

  it('lets who speaks change places with one person who never spoke, the last of them', () => {
    expect(read(keepInView(order('abcdef'), 0, 3, ['e']))).toBe('abedcf');
    expect(read(keepInView(order('abcdef', 'c'), 0, 3, ['e']))).toBe('aecdbf');
  });

  it('lets go of who was silent the longest when all have spoken, never of who speaks', () => {
    expect(read(keepInView(order('abcdef', 'cab'), 0, 3, ['f']))).toBe('afcdeb');
    expect(read(keepInView(order('abcdef', 'cab'), 0, 3, ['b', 'f']))).toBe('fbcdea');
    expect(read(keepInView(order('abcd'), 0, 2, ['a', 'b', 'c']))).toBe('abcd');
  });

  it('works on the page one looks at, and for two who begin at once', () => {
    expect(read(keepInView(order('abcdef'), 3, 6, ['a']))).toBe('fbcdea');
    expect(read(keepInView(order('abcdef'), 0, 3, ['d', 'e']))).toBe('aedcbf');
  });

  it('comes to rest: the same speakers change nothing more', () => {
    const once = keepInView(order('abcdef'), 0, 3, ['e']);
    expect(keepInView(once, 0, 3, ['e'])).toBe(once);
    expect(keepInView(order('ab'), 0, 0, ['a'])).toMatchObject({ peers: ['a', 'b'] });
  });

  it('remembers who spoke last', () => {
    expect(keepInView(order('abc', 'ab'), 0, 3, ['b']).heard).toEqual(['b', 'a']);
  });
});
