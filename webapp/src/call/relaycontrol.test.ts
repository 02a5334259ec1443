import { describe, expect, it } from 'vitest';
import vectors from '../../../relay/testdata/control.json';
import { type LayerSize, type Viewed, ack, announce, decode, mesh, view } from './relaycontrol';

const bytes = (hex: string): ArrayBuffer => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)).buffer;
const hex = (data: ArrayBuffer): string => Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, '0')).join('');

interface Words {
  type: string;
  revision?: number;
  tiles?: Viewed[];
  up?: number;
  down?: number;
  kind?: number;
  on?: boolean;
  layers?: LayerSize[];
}

function encoded({ type, revision = 0, tiles = [], up = 0, down = 0, kind = 0, on = false, layers = [] }: Words): ArrayBuffer {
  switch (type) {
    case 'ack':
      return ack(revision);
    case 'view':
      return view(tiles);
    case 'mesh':
      return mesh(up, down);
    default:
      return announce(kind, on, layers);
  }
}

describe('what a relay says, as Go writes it', () => {
  for (const { name, bytes: data, words } of vectors.told) it(name, () => expect(decode(bytes(data))).toEqual(words));
});

describe('what a page says, as Go reads it', () => {
  for (const { name, bytes: data, words } of vectors.said) it(name, () => expect(hex(encoded(words as Words))).toBe(data));
});

describe('a message that is wrong', () => {
  it('is no message, wherever it is cut', () => {
    for (const { bytes: data } of vectors.told) {
      for (let end = 0; end < data.length; end += 2) expect(decode(bytes(data.slice(0, end)))).toBeNull();
      expect(decode(bytes(`${data}00`))).toBeNull();
    }
  });

  it('is none if its type is not known', () => {
    expect(decode(bytes('08'))).toBeNull();
    expect(decode(bytes('8100000001'))).toBeNull();
  });

  it('never makes the page count for long', () => {
    expect(decode(bytes('01ffff'))).toBeNull();
  });
});

it('numbers that do not fit are bounded', () => {
  expect(hex(mesh(-1, 1e12))).toBe('8300000000ffffffff');
  expect(hex(view([{ member: 1, kind: 1, width: 99_999, height: 0.6, pinned: false }]))).toBe('8201000101ffff000100');
});
