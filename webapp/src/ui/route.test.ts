import { describe, expect, it } from 'vitest';
import { parsePath, roomPath, roomProblem, tidy } from './route';

describe('parsePath', () => {
  it('knows the two pages', () => {
    expect(parsePath('/')).toEqual({ view: 'home' });
    expect(parsePath('/r/')).toEqual({ view: 'home' });
    expect(parsePath('/r/quiet-otter-harbour')).toEqual({ view: 'room', room: 'quiet-otter-harbour' });
    expect(parsePath('/r/quiet-otter-harbour/')).toEqual({ view: 'room', room: 'quiet-otter-harbour' });
  });

  it('refuses what is no room', () => {
    for (const path of ['/x', '/r/a/b', '/r/%E0%A4%A', '/r/%2F', '/r/%20', '/r/%E2%80%AE', `/r/${'x'.repeat(65)}`]) {
      expect(parsePath(path), path).toEqual({ view: 'unknown' });
    }
  });

  it('returns to the room that a path was made for', () => {
    for (const room of ['팀 회의', 'a?b#c', '100%', 'Ann & Ben', '🦦', "o'clock", 'x'.repeat(64)]) {
      expect(parsePath(roomPath(room))).toEqual({ view: 'room', room });
      expect(new URL(`http://x${roomPath(room)}`).pathname).toBe(roomPath(room));
    }
  });
});

describe('names of rooms', () => {
  it('are tidied as the bridge tidies them', () => {
    expect(tidy('  a \t b\n')).toBe('a b');
    expect(tidy('\u1112\u1161\u11ab')).toBe('한');
  });

  it('have their problems named', () => {
    expect(roomProblem('')).toBe('empty');
    expect(roomProblem('x'.repeat(65))).toBe('long');
    expect(roomProblem('🦦'.repeat(64))).toBeUndefined();
    for (const name of ['a/b', 'a\\b', 'a\u202eb', 'a\u0007b', '.', '..']) expect(roomProblem(name), name).toBe('refused');
    expect(roomProblem('...')).toBeUndefined();
  });
});
