import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkSet } from './linkset';
import { type Event, type RoomMessage, firstState, reduce } from './reduce';
import type { FromClient, Media, Member, Plan } from './signal.gen';
import type { State } from './state';
import { TestPeer, useTestPeers } from './testpeer';

const silent: Media = { microphone: 'off', camera: 'off', screen: 'off' };
const member = (peer: string, more: Partial<Member> = {}): Member =>
  ({ peer, name: peer, page: `${peer}-page`, seat: peer.charCodeAt(0), present: true, media: silent, ...more });
const mesh = (epoch: number): Plan => ({ epoch, home: 'n', mode: 'mesh', relays: [], warm: false, lacking: false });
const welcome = (members: Member[]): RoomMessage => ({
  type: 'welcome', version: 1, self: 'a', pass: 'p', node: 'n', room: 'garden', plan: mesh(5), members,
  snapshot: 's', max: 8, locked: false, resumed: false,
});

/** A page of member a, that follows whatever the room says. */
function setUp(...members: Member[]) {
  const sent: FromClient[] = [];
  const line = { up: true };
  let state: State = firstState('garden');
  const tell = (events: Event[]): void => {
    for (const event of events) state = reduce(state, event);
    if (events.length > 0) set.update(state);
  };
  const set: LinkSet = new LinkSet({
    send: (message) => line.up && sent.push(message),
    up: () => line.up,
    tell,
    ears: { hear: () => undefined },
    level: () => 0,
  });
  const hear = (message: RoomMessage): void => tell([{ type: 'room', message }]);
  const words = (type: FromClient['type']): FromClient[] => sent.filter((message) => message.type === type);
  const person = (peer: string) => state.people.find((one) => one.peer === peer);
  hear(welcome([member('a'), ...members]));
  return { set, line, hear, words, person };
}

const pass = (millis: number) => vi.advanceTimersByTimeAsync(millis);
const open = (): TestPeer[] => TestPeer.made.filter(({ connectionState }) => connectionState !== 'closed');

beforeEach(() => {
  vi.useFakeTimers();
  useTestPeers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the links of a page', () => {
  it('are opened to all who are there and to who comes, and closed to who goes', async () => {
    const { set, hear, words } = setUp(member('b'), member('c'));
    await pass(0);
    expect(words('describe')).toMatchObject([{ to: 'b', page: 'b-page', epoch: 5 }, { to: 'c', page: 'c-page' }]);
    hear({ type: 'joined', member: member('d') });
    hear({ type: 'left', peer: 'b', why: 'left' });
    await pass(0);
    expect(words('describe').at(-1)).toMatchObject({ to: 'd' });
    expect(TestPeer.made.map(({ connectionState }) => connectionState)).toEqual(['closed', 'new', 'new']);
    set.close();
    expect(open()).toEqual([]);
  });

  it('go on through a restart of the bridge, whoever is not back yet', async () => {
    const { set, hear, person } = setUp(member('b'));
    await pass(0);
    TestPeer.made[0]!.become('connected');
    hear(welcome([member('a'), member('b', { present: false })]));
    hear({ type: 'changed', member: member('b') });
    await pass(0);
    expect(TestPeer.made).toHaveLength(1);
    expect(person('b')).toMatchObject({ present: true, reach: 'connected' });
    set.close();
  });

  it('are opened anew where the others let go of this page, and what was seen stays until then', async () => {
    const { set, hear, person } = setUp(member('b', { media: { ...silent, camera: 'on' } }));
    await pass(0);
    TestPeer.made[0]!.become('connected');
    TestPeer.made[0]!.stats = [{ type: 'inbound-rtp', kind: 'video', mid: '1', framesDecoded: 3 }];
    await pass(1000);
    const seen = person('b')!.camera;
    expect(seen.streams[seen.front]).not.toBeNull();
    set.letGo();
    hear(welcome([member('a'), member('b', { media: { ...silent, camera: 'on' } })]));
    await pass(0);
    expect(TestPeer.made.map(({ connectionState }) => connectionState)).toEqual(['closed', 'new']);
    const still = person('b')!.camera;
    expect(still.streams[still.front]).toBe(seen.streams[seen.front]);
    expect(person('b')?.reach).toBe('connecting');
    set.close();
  });
});

describe('the words of a page', () => {
  it('say ready once what is sent has come, and again after a cut', async () => {
    const { set, words } = setUp(member('b', { media: { ...silent, camera: 'on' } }));
    await pass(0);
    TestPeer.made[0]!.become('connected');
    await pass(1000);
    expect(words('ready')).toEqual([]);
    TestPeer.made[0]!.stats = [{ type: 'inbound-rtp', kind: 'video', mid: '1', framesDecoded: 1 }];
    await pass(1000);
    expect(words('ready')).toEqual([{ type: 'ready', epoch: 5 }]);
    set.sayAgain();
    await pass(4000);
    expect(words('ready')).toHaveLength(2);
    set.close();
  });

  it('is said while something else happens all the time, such as pictures that are presented', async () => {
    const { set, words } = setUp(member('b', { media: { ...silent, camera: 'on' } }));
    await pass(0);
    TestPeer.made[0]!.become('connected');
    TestPeer.made[0]!.stats = [{ type: 'inbound-rtp', kind: 'video', mid: '1', framesDecoded: 1 }];
    for (let millis = 0; millis < 1000; millis += 30) {
      set.view([]);
      await pass(30);
    }
    expect(words('ready')).toHaveLength(1);
    set.close();
  });

  it('say stuck once for each plan, and of those alone who could be spoken to', async () => {
    const { set, hear, words } = setUp(member('b'), member('c', { present: false }));
    await pass(14_000);
    hear({ type: 'changed', member: member('c') });
    await pass(5000);
    expect(words('stuck')).toEqual([{ type: 'stuck', epoch: 5, peer: 'b' }]);
    await pass(10_000);
    expect(words('stuck').slice(1)).toEqual([{ type: 'stuck', epoch: 5, peer: 'c' }]);
    hear({ type: 'planned', plan: mesh(6) });
    await pass(10_000);
    expect(words('stuck').slice(2)).toMatchObject([{ epoch: 6, peer: 'b' }, { epoch: 6, peer: 'c' }]);
    set.close();
  });

  it('come at once when signaling is back, and not before', async () => {
    const { set, line, words } = setUp(member('b'));
    await pass(0);
    TestPeer.made[0]!.become('connected');
    TestPeer.made[0]!.become('disconnected');
    line.up = false;
    await pass(12_500);
    set.hurry(); // the network is back
    await pass(100);
    expect(words('describe')).toHaveLength(1);
    line.up = true;
    set.hurry(); // the signaling too
    await pass(0);
    expect(words('describe')).toHaveLength(2);
    set.close();
  });
});
