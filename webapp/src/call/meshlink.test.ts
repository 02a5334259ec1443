import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LinkPort } from './link';
import { MeshLink } from './meshlink';
import type { Describe, FromClient } from './signal.gen';
import { TestPeer, useTestPeers } from './testpeer';

function setUp(offers: boolean) {
  const sent: FromClient[] = [];
  const port: LinkPort = {
    send: (message) => sent.push(message),
    servers: () => [],
    up: () => true,
    epoch: () => 7,
    tracks: () => ({ microphone: null, camera: null, screen: null, screenSound: null }),
    order: () => TestPeer.made.length + 1,
    crowd: () => ({ people: 1, screens: 0 }),
    changed: () => undefined,
  };
  const link = new MeshLink('b', 'b-page', offers, port);
  const offered = (id: string, sdp = `theirs ${id}`): void =>
    link.receive({ type: 'describe', from: 'b', page: 'a-page', epoch: 7, link: id, kind: 'offer', sdp });
  const answered = (sdp: string): void =>
    link.receive({ type: 'describe', from: 'b', page: 'a-page', epoch: 7, link: said().at(-1)!.link, kind: 'answer', sdp });
  const said = (): Describe[] => sent.filter((message) => message.type === 'describe');
  return { link, sent, said, offered, answered };
}

const pass = (millis: number) => vi.advanceTimersByTimeAsync(millis);
const last = (): TestPeer => TestPeer.made.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  useTestPeers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the end that offers', () => {
  it('offers, takes the answer and is connected', async () => {
    const { link, said, answered } = setUp(true);
    link.open();
    await pass(0);
    expect(said()).toEqual([{ type: 'describe', to: 'b', page: 'b-page', epoch: 7, link: expect.any(String), kind: 'offer', sdp: 'offer 1 of 1' }]);
    answered('yes');
    await pass(0);
    expect(last().remoteDescription).toEqual({ type: 'answer', sdp: 'yes' });
    last().become('connected');
    expect(link.reach).toBe('connected');
  });

  it('does not take an answer that comes twice for the answer to the next offer', async () => {
    const { link, said, answered } = setUp(true);
    link.open();
    await pass(0);
    answered('yes');
    await pass(0);
    last().become('connected');
    last().become('disconnected');
    await pass(1000);
    expect(said().map(({ sdp }) => sdp)).toEqual(['offer 1 of 1', 'offer 2 of 1']);
    answered('yes');
    await pass(0);
    expect(last().signalingState).toBe('have-local-offer');
    answered('yes again');
    await pass(0);
    expect(last().remoteDescription?.sdp).toBe('yes again');
    expect(last().restarts).toBe(1);
  });

  it('waits for an answer that was lost, even if an old one comes', async () => {
    const { link, said, answered } = setUp(true);
    link.open();
    await pass(0);
    answered('yes');
    last().become('connected');
    last().become('disconnected');
    await pass(1000);
    answered('yes');
    await pass(4000);
    expect(said().map(({ sdp }) => sdp).slice(1)).toEqual(['offer 2 of 1', 'offer 2 of 1']); // repeated, not made anew
  });

  it('tries again later when the browser has no connection to give', async () => {
    const { link, said } = setUp(true);
    TestPeer.refuses = true;
    link.open();
    await pass(900);
    expect(said()).toEqual([]);
    TestPeer.refuses = false;
    await pass(8000);
    expect(said().map(({ kind }) => kind)).toContain('offer');
    link.close();
  });

  it('offers at once to who is back', async () => {
    const { link, said } = setUp(true);
    link.reachable(false);
    link.open();
    await pass(3000);
    expect(said()).toHaveLength(1);
    link.reachable(true);
    await pass(0);
    expect(said()).toHaveLength(2);
    link.close();
  });
});

describe('the other end', () => {
  it('answers, and answers again what comes again', async () => {
    const { link, said, offered } = setUp(false);
    link.open();
    offered('one');
    await pass(0);
    offered('one');
    await pass(0);
    expect(said().map(({ link: id, sdp }) => `${id}: ${sdp}`)).toEqual(['one: answer 1 of 1', 'one: answer 1 of 1']);
  });

  it('makes a new connection for a new link, but not as many as the far end likes', async () => {
    const { link, offered, said } = setUp(false);
    link.open();
    for (let n = 0; n < 600; n++) offered(`link ${n}`);
    await pass(0);
    expect(TestPeer.made).toHaveLength(1);
    await pass(1000);
    offered('another');
    await pass(0);
    expect(TestPeer.made.map(({ connectionState }) => connectionState)).toEqual(['closed', 'new']);
    expect(said().map(({ link: id }) => id)).toEqual(['link 0', 'another']);
  });

  it('goes on when the browser has no connection to give', async () => {
    const { link, offered, said } = setUp(false);
    link.open();
    TestPeer.refuses = true;
    expect(() => offered('one')).not.toThrow();
    TestPeer.refuses = false;
    await pass(4000);
    offered('one');
    await pass(0);
    expect(said().map(({ kind }) => kind)).toEqual(['answer']);
    link.close();
  });
});
