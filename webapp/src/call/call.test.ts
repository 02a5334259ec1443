// @vitest-environment happy-dom
//
// A whole call; only what lies beyond the browser is the test's: the bridge, connections, devices.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCall } from './call';
import type { Code, FromServer, Hello, Media } from './signal.gen';
import type { Call, State } from './state';
import { TestDevices, type TestLine, exchange } from './testing';
import { TestPeer, useTestPeers } from './testpeer';

const media: Media = { microphone: 'off', camera: 'off', screen: 'off' };
const member = (peer: string) => ({ peer, name: peer, page: `${peer}-page`, seat: peer.charCodeAt(0), present: true, media });
const welcome = (resumed = false): FromServer => ({
  type: 'welcome', version: 1, self: 'a', pass: 'pass-1', node: 'n', room: 'garden', members: [member('a'), member('b')],
  plan: { epoch: 7, home: 'n', mode: 'mesh', relays: [], warm: false, lacking: false },
  snapshot: 'snap-1', max: 8, locked: false, resumed,
});
const fault = (code: Code): FromServer => ({ type: 'fault', code, text: '', fatal: true });

let call: Call;
let state: State;
let lines: TestLine[];

const pass = (millis: number) => vi.advanceTimersByTimeAsync(millis);
const last = (): TestLine => lines.at(-1)!;
const hello = (): Partial<Hello> => {
  last().open();
  return last().sent[0] as Partial<Hello>;
};

async function enter(): Promise<void> {
  call.join({ name: 'Ann' });
  hello();
  last().say(welcome());
  await pass(0);
}

async function redial(): Promise<Partial<Hello>> {
  const { length } = lines;
  last().cut();
  for (let n = 0; n < 100 && lines.length === length; n++) await pass(100);
  return hello();
}

beforeEach(async () => {
  vi.useFakeTimers();
  useTestPeers();
  sessionStorage.clear();
  const line = exchange();
  lines = line.lines;
  vi.stubGlobal('WebSocket', function dial(url: string) {
    return line.dial(url);
  });
  vi.stubGlobal('isSecureContext', true);
  const devices = Object.assign(new TestDevices(), { enumerateDevices: async () => [], addEventListener: () => undefined, removeEventListener: () => undefined });
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { mediaDevices: devices, userActivation: { hasBeenActive: false } }));
  call = createCall('garden', { url: 'ws://here' });
  call.subscribe((next) => (state = next));
  await pass(0);
});
afterEach(() => {
  call.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('coming in', () => {
  it('is said to take its time after 3 s, and can be given up', async () => {
    call.join({ name: 'Ann' });
    await pass(2900);
    expect(state).toMatchObject({ phase: 'joining', signaling: 'up' });
    await pass(200);
    expect(state).toMatchObject({ phase: 'joining', signaling: 'down', news: [] });
    call.leave();
    expect(state).toMatchObject({ phase: 'lobby', signaling: 'up' });
    expect(state.fault).toBeUndefined();
    const { length } = lines;
    await pass(60_000);
    expect(lines).toHaveLength(length);
    await enter();
    expect(state.phase).toBe('room');
  });

  it('is asked for anew by who is put out as the room remembers its lock', async () => {
    await enter();
    last().say(fault('locked'));
    expect(state).toMatchObject({ phase: 'lobby', fault: 'locked', people: [] });
    expect(TestPeer.made.every(({ connectionState }) => connectionState === 'closed')).toBe(true);
  });
});

describe('coming back', () => {
  it('keeps the links where this page was missed, and opens them anew where it was given up', async () => {
    await enter();
    TestPeer.made[0]!.become('connected');
    await redial();
    last().say(welcome(true));
    await pass(0);
    expect(TestPeer.made).toHaveLength(1);
    await redial();
    last().say(welcome(false));
    await pass(0);
    expect(TestPeer.made.map(({ connectionState }) => connectionState)).toEqual(['closed', 'new']);
  });

  it('takes the call over again from the page that took it', async () => {
    await enter();
    last().say(fault('replaced'));
    expect(state).toMatchObject({ phase: 'ended', fault: 'replaced' });
    call.again();
    expect(state.phase).toBe('joining');
    await pass(600);
    expect(hello()).toMatchObject({ pass: 'pass-1', name: 'Ann' });
    last().say(welcome(true));
    expect(state).toMatchObject({ phase: 'room', self: 'a' });
    call.leave();
    call.again();
    expect(state.phase).toBe('lobby');
  });
});

describe('leaving', () => {
  it('is heard although the line was cut', async () => {
    await enter();
    last().cut();
    call.leave();
    expect(state).toMatchObject({ phase: 'ended' });
    expect(hello()).toMatchObject({ pass: 'pass-1' });
    last().say(welcome(true));
    expect(last().sent.at(-1)).toEqual({ type: 'leave' });
    expect(sessionStorage.length).toBe(0);
  });
});
