import { describe, expect, it } from 'vitest';
import { described, ordered, sendable } from './codecs';

const list = (...names: string[]): { mimeType: string; number: number }[] =>
  names.map((name, number) => ({ mimeType: `video/${name}`, number }));

describe('a page sends', () => {
  const codecs = list('VP8', 'rtx', 'VP9', 'AV1');

  it('what its node prefers, if the browser can', () => {
    expect(sendable('vp9', { codecs, layers: true })).toBe('vp9');
    expect(sendable('av1', { codecs, layers: true })).toBe('av1');
    expect(sendable('vp8', { codecs, layers: true })).toBe('vp8');
  });

  it('VP8 where it cannot send that, or has no layers in it', () => {
    expect(sendable('av1', { codecs: list('VP8', 'VP9', 'AV1X'), layers: true })).toBe('vp8');
    expect(sendable('vp9', { codecs, layers: false })).toBe('vp8');
    expect(sendable('vp9', { codecs: [], layers: true })).toBe('vp8');
  });
});

it('all codecs stay, in their order, behind the preferred one in all its profiles', () => {
  const codecs = list('VP8', 'rtx', 'VP9', 'H264', 'VP9', 'ulpfec');
  expect(ordered(codecs, 'vp9').map(({ number }) => number)).toEqual([2, 4, 0, 1, 3, 5]);
  expect(ordered(codecs, 'av1')).toEqual(codecs);
});

it('the dependency descriptor is offered, and nothing else that was not', () => {
  const uri = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';
  expect(described([{ uri: 'urn:a', direction: 'stopped' }, { uri, direction: 'stopped' }])).toEqual([
    { uri: 'urn:a', direction: 'stopped' }, { uri, direction: 'sendrecv' },
  ]);
});
