import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Code, FromServer, Hello, Media } from './signal.gen';
import { Session } from './session';
import type { Entry } from './state';
import { type Stay, readStay } from './stay';
import { type TestLine, exchange, memory } from './testing';

const media: Media = { microphone: 'on', camera: 'off', screen: 'off' };
const plan = (epoch: number) => ({ epoch, home: 'n', mode: 'mesh' as const, relays: [], warm: false, lacking: false });
const welcome: FromServer = {
  type: 'welcome', version: 1, self: 'a', pass: 'pass-1', node: 'n', room: 'garden', plan: plan(7), members: [],
  snapshot: 'snap-1', max: 8, locked: false, resumed: false,
};
const fault = (code: Code): FromServer => ({ type: 'fault', code, text: '', fatal: true });

function setUp(from: Entry | Stay) {
  const { lines, dial } = exchange();
  const heard: string[] = [];
  const storage = memory();
  const place = { room: 'garden', page: 'page-one', url: 'ws://here', storage, media: () => media, dial };
  const session = new Session(place, {
    room: (message) => heard.push(message.type),
    far: (message) => heard.push(`far ${message.type}`),
    up: (now) => heard.push(now ? 'up' : 'down'),
    relayRefused: () => heard.push('relay refused'),
    ice: (servers) => heard.push(...servers.map(({ username }) => `servers of ${username}`)),
    refused: (code) => heard.push(`refused ${code}`),
    ended: (code, stay) => heard.push(`ended ${code}${stay ? ` but ${stay.pass}` : ''}`),
  }, from);
  const last = (): TestLine => lines.at(-1)!;
  const hello = (): Partial<Hello> => {
    last().open();
    return last().sent[0] as Partial<Hello>;
  };
  const redial = (): Partial<Hello> => {
    const { length } = lines;
    last().cut();
    for (let n = 0; n < 100 && lines.length === length; n++) vi.advanceTimersByTime(100);
    return hello();
  };
  return { session, lines, heard, storage, last, hello, redial };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('coming in', () => {
  it('says hello with what was entered, and creates a room only once', () => {
    const { hello, redial, last } = setUp({ name: 'Ann', password: 'x', settings: { max: 3 } });
    expect(hello()).toEqual({ type: 'hello', version: 1, room: 'garden', name: 'Ann', page: 'page-one', media, password: 'x', settings: { max: 3 } });
    last().say(welcome);
    expect(redial()).not.toHaveProperty('settings');
  });

  it('keeps what brings this page back, and comes back with it', () => {
    const { hello, redial, last, storage } = setUp({ name: 'Ann' });
    hello();
    last().say(welcome);
    last().say({ type: 'planned', plan: plan(9) });
    last().say({ type: 'snapshot', snapshot: 'snap-2' });
    expect(readStay(storage, 'garden', Date.now())).toEqual({ name: 'Ann', pass: 'pass-1', snapshot: 'snap-2', epoch: 9 });
    expect(redial()).toMatchObject({ pass: 'pass-1', snapshot: 'snap-2', epoch: 9, page: 'page-one' });
  });

  it('comes back from a stay', () => {
    const { hello } = setUp({ name: 'Ann', pass: 'old', snapshot: 'snap', epoch: 4 });
    expect(hello()).toMatchObject({ name: 'Ann', pass: 'old', snapshot: 'snap', epoch: 4 });
  });

  it('is refused for a reason of the person’s own', () => {
    for (const code of ['password', 'locked', 'full', 'exists', 'try-later', 'version', 'bad-name'] as const) {
      const { hello, last, heard, lines } = setUp({ name: 'Ann' });
      hello();
      last().say(fault(code));
      last().cut();
      vi.advanceTimersByTime(60_000);
      expect(heard).toEqual([`refused ${code}`]);
      expect(lines).toHaveLength(1);
    }
  });

  it('tries again when the bridge is the reason', () => {
    const { hello, redial, last, heard } = setUp({ name: 'Ann' });
    hello();
    last().say(fault('restarting'));
    redial();
    last().say(welcome);
    expect(heard).toEqual(['welcome', 'up']);
  });

  it('says so when that takes its time, and only then', () => {
    const quick = setUp({ name: 'Ann' });
    quick.hello();
    quick.last().say(welcome);
    const given = setUp({ name: 'Ann' });
    given.session.leave();
    const slow = setUp({ name: 'Ann' });
    vi.advanceTimersByTime(900);
    expect(slow.heard).toEqual([]);
    vi.advanceTimersByTime(100);
    expect([quick.heard, given.heard, slow.heard]).toEqual([['welcome', 'up'], [], ['down']]);
  });

  it('sends no password with a pass, but has it for when the pass is refused', () => {
    for (const entry of [{ name: 'Ann', password: 'x' }, { name: 'Ann', settings: { password: 'x' } }]) {
      const { hello, redial, last } = setUp(entry);
      hello();
      last().say(welcome);
      const back = redial();
      expect(back).toMatchObject({ pass: 'pass-1' });
      expect(back).not.toHaveProperty('password');
      last().say(fault('bad-pass'));
      expect(redial()).toMatchObject({ password: 'x' });
    }
  });

  it('does not give a place up because the bridge asks for time', () => {
    const { hello, redial, last, heard, storage } = setUp({ name: 'Ann', pass: 'old', snapshot: '', epoch: 4 });
    hello();
    last().say(fault('try-later'));
    expect(redial()).toMatchObject({ pass: 'old' });
    last().say(welcome);
    expect(heard).toEqual(['down', 'welcome', 'up']);
    expect(readStay(storage, 'garden', Date.now())).not.toBeNull();
  });

  it('joins as a new person when the pass is not valid, above the epoch it knows', () => {
    const { hello, redial, last, storage } = setUp({ name: 'Ann', pass: 'old', snapshot: 'snap', epoch: 4 });
    hello();
    last().say(fault('bad-pass'));
    expect(readStay(storage, 'garden', Date.now())).toBeNull();
    const again = redial();
    expect(again).not.toHaveProperty('pass');
    expect(again).not.toHaveProperty('snapshot');
    expect(again.epoch).toBe(4);
  });
});

describe('in the room', () => {
  function inRoom() {
    const set = setUp({ name: 'Ann' });
    set.hello();
    set.last().say(welcome);
    set.heard.length = 0;
    return set;
  }

  it('goes on through a cut, and sends nothing meanwhile', () => {
    const { session, redial, last, heard } = inRoom();
    const old = last();
    redial();
    session.send({ type: 'ready', epoch: 7 });
    expect(old.sent.concat(last().sent).map(({ type }) => type)).toEqual(['hello', 'hello']);
    last().say(welcome);
    session.send({ type: 'ready', epoch: 7 });
    expect(last().sent.at(-1)).toEqual({ type: 'ready', epoch: 7 });
    expect(heard).toEqual(['down', 'welcome', 'up']);
  });

  it('passes on ICE servers, those of a welcome before its plan asks for links', () => {
    const { last, heard } = inRoom();
    const servers = (username: string) => [{ urls: ['turn:*:3478'], username, credential: 'c' }];
    last().say({ ...welcome, ice: servers('then') });
    last().say({ type: 'ice', servers: servers('now') });
    expect(heard).toEqual(['servers of then', 'welcome', 'up', 'servers of now']);
  });

  it('asks again to come in when the room remembers that it is another one, but ends when it has become one', () => {
    for (const code of ['locked', 'full'] as const) {
      const out = inRoom();
      out.last().say(fault(code));
      expect(out.heard).toEqual([`refused ${code}`]);
      const back = inRoom();
      back.redial();
      back.last().say(fault(code));
      expect(back.heard).toEqual(['down', `ended ${code}`]);
    }
  });

  it('says hello again when the room does not know its plan', () => {
    const { redial, last, heard, lines } = inRoom();
    last().say({ type: 'fault', code: 'order', text: '', of: 'ready', fatal: false });
    expect(lines).toHaveLength(1);
    last().say({ type: 'fault', code: 'order', text: '', of: 'describe', fatal: false });
    expect(heard).toEqual(['down']);
    vi.advanceTimersByTime(2000);
    expect(lines).toHaveLength(1);
    expect(redial()).toMatchObject({ epoch: 7, pass: 'pass-1' });
  });

  it('ends when a newer page took its place, and forgets the stay but for the way back', () => {
    const { last, heard, lines, storage } = inRoom();
    last().say(fault('replaced'));
    last().cut();
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual(['ended replaced but pass-1']);
    expect(lines).toHaveLength(1);
    expect(storage).toHaveLength(0);
  });

  it('waits long when the bridge asks for time', () => {
    const { last, heard, lines } = inRoom();
    last().say(fault('try-later'));
    last().cut();
    vi.advanceTimersByTime(2000);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(3000);
    expect(lines).toHaveLength(2);
    expect(heard).toEqual(['down']);
  });

  it('drops what is meant for an earlier load of this page', () => {
    const { last, heard } = inRoom();
    const restart = { type: 'restart', from: 'b', link: 'link-one' };
    last().say({ ...restart, page: 'page-zero' });
    last().say({ ...restart, page: 'page-one' });
    expect(heard).toEqual(['far restart']);
  });

  it('leaves with a word, and forgets the stay', () => {
    const { session, last, storage, lines } = inRoom();
    session.leave();
    expect(last().sent.at(-1)).toEqual({ type: 'leave' });
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
    expect(storage).toHaveLength(0);
  });

  it('comes back to leave where the line is cut', () => {
    const { session, last, hello, redial, heard, lines, storage } = inRoom();
    last().cut();
    session.leave();
    expect(hello()).toMatchObject({ pass: 'pass-1', page: 'page-one' });
    last().say(fault('restarting'));
    redial();
    last().say(welcome);
    expect(last().sent.at(-1)).toEqual({ type: 'leave' });
    expect(last().readyState).toBe(3);
    const { length } = lines;
    vi.advanceTimersByTime(120_000);
    expect(lines).toHaveLength(length);
    expect([heard, storage.length]).toEqual([['down'], 0]);
  });

  it('does not try so for longer than the room waits, nor against its will', () => {
    const dead = inRoom();
    dead.last().cut();
    dead.session.leave();
    vi.advanceTimersByTime(60_000);
    const { length } = dead.lines;
    expect(length).toBeGreaterThan(5);
    vi.advanceTimersByTime(60_000);
    expect(dead.lines).toHaveLength(length);
    const gone = inRoom();
    gone.last().cut();
    gone.session.leave();
    gone.hello();
    gone.last().say(fault('bad-pass'));
    gone.last().cut();
    vi.advanceTimersByTime(60_000);
    expect(gone.lines).toHaveLength(2);
  });

  it('is not ended by a fault that is not fatal', () => {
    const { last, heard } = inRoom();
    last().say({ type: 'fault', code: 'no-peer', text: '', fatal: false });
    expect(heard).toEqual([]);
  });
});
