import { expect, it } from 'vitest';
import { type Sender, isReady } from './ready';
import type { Media } from './signal.gen';

const media = (microphone: Media['microphone'], camera: Media['camera']): Media => ({ microphone, camera, screen: 'off' });
const person = (peer: string, its: Media, present = true): Sender => ({ peer, self: false, present, media: its });
const link = (far: string) => ({ far, page: 'p', media: true, offer: true });
const connected = (): boolean => true;
const none = { connected, decoded: (): boolean => false };
const all = { connected, decoded: (): boolean => true };

it('waits for each kind that is being sent', () => {
  const people = [person('b', media('on', 'on'))];
  expect(isReady([link('b')], people, none)).toBe(false);
  expect(isReady([link('b')], people, { connected, decoded: (_, __, kind) => kind === 'camera' })).toBe(false);
  expect(isReady([link('b')], people, { connected, decoded: (_, __, kind) => kind !== 'screen' })).toBe(true);
});

it('does not wait for what is muted, off or not there', () => {
  expect(isReady([link('b'), link('c')], [person('b', media('off', 'off')), person('c', media('none', 'none'))], none)).toBe(true);
});

it('does not wait for somebody whose signaling is cut', () => {
  expect(isReady([link('b')], [person('b', media('on', 'on'), false)], none)).toBe(true);
});

it('does not wait for oneself', () => {
  const self = { ...person('a', media('on', 'on')), self: true };
  expect(isReady([{ relay: 'r', media: true, offer: true }], [self], none)).toBe(true);
});

it('waits for everybody on a relay, and for nobody on a link without media', () => {
  const people = [person('b', media('on', 'off')), person('c', media('on', 'off'))];
  const relay = { relay: 'r', media: true, offer: true };
  expect(isReady([relay], people, { connected, decoded: (_, peer) => peer === 'b' })).toBe(false);
  expect(isReady([relay], people, all)).toBe(true);
  expect(isReady([{ ...relay, media: false }], people, none)).toBe(true);
});

it('waits for links on which nobody sends, too', () => {
  const quiet = person('b', media('off', 'off'));
  const apart = { ...all, connected: () => false };
  expect(isReady([link('b')], [quiet], apart)).toBe(false);
  expect(isReady([{ relay: 'r', media: true, offer: true }], [quiet], apart)).toBe(false);
  expect(isReady([{ relay: 'r', media: false, offer: true }], [quiet], apart)).toBe(true);
  expect(isReady([link('b')], [{ ...quiet, present: false }], apart)).toBe(true);
});
