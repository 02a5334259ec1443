import { describe, expect, it } from 'vitest';
import { type Event, type RoomMessage, firstState, reduce } from './reduce';
import type { Media, Member, Plan } from './signal.gen';
import type { State } from './state';

const media: Media = { microphone: 'on', camera: 'on', screen: 'off' };
const member = (peer: string, name: string, seat: number, more: Partial<Member> = {}): Member =>
  ({ peer, name, page: `${peer}-1`, seat, present: true, media, ...more });
const plan = (epoch: number): Plan => ({ epoch, home: 'n', mode: 'mesh', relays: [], warm: false, lacking: false });
const welcome = (members: Member[], more: Partial<Extract<RoomMessage, { type: 'welcome' }>> = {}): Event => ({
  type: 'room',
  message: {
    type: 'welcome', version: 1, self: 'a', pass: 'p', node: 'n', room: 'garden', plan: plan(5), members,
    snapshot: 's', max: 8, locked: true, resumed: false, ...more,
  },
});
const joined = (one: Member): Event => ({ type: 'room', message: { type: 'joined', member: one } });
const changed = (one: Member): Event => ({ type: 'room', message: { type: 'changed', member: one } });
const left = (peer: string, why: 'left' | 'gone'): Event => ({ type: 'room', message: { type: 'left', peer, why } });
const play = (...events: Event[]): State => events.reduce(reduce, firstState('Garden'));
const labels = (state: State): string[] => state.people.map((person) => person.label);

const ann = member('a', 'Ann', 0);
const bob = member('b', 'Bob', 1);

describe('coming in', () => {
  it('goes from the lobby through joining to the room', () => {
    expect(play({ type: 'entering' }).phase).toBe('joining');
    const state = play({ type: 'entering' }, welcome([ann, bob]));
    expect(state).toMatchObject({ phase: 'room', room: 'garden', self: 'a', locked: true, max: 8, signaling: 'up' });
    expect(state.people.map(({ self, reach }) => [self, reach])).toEqual([[true, 'connected'], [false, 'connecting']]);
    expect(state.news).toEqual([]);
  });

  it('goes back to the lobby when refused, and says why until the next try', () => {
    const refused = play({ type: 'entering' }, { type: 'refused', fault: 'password' });
    expect(refused).toMatchObject({ phase: 'lobby', fault: 'password' });
    expect(reduce(refused, { type: 'entering' }).fault).toBeUndefined();
  });

  it('ends without a fault by one’s own leave, with one otherwise, and begins again clean', () => {
    expect(play(welcome([ann]), { type: 'ended' })).not.toHaveProperty('fault');
    const replaced = play(welcome([ann, bob]), { type: 'ended', fault: 'replaced' });
    expect(replaced).toMatchObject({ phase: 'ended', fault: 'replaced', people: [] });
    const again = reduce(replaced, { type: 'again' });
    expect(again.phase).toBe('lobby');
    expect(again.fault ?? again.self ?? again.plan).toBeUndefined();
  });
});

describe('people', () => {
  it('are in the order of their seats', () => {
    expect(labels(play(welcome([ann, member('c', 'Cid', 2)]), joined(bob)))).toEqual(['Ann', 'Bob', 'Cid']);
  });

  it('of one name are told apart, and keep their label while they stay', () => {
    const three = play(welcome([ann, member('b', 'Ann', 1)]), joined(member('c', 'Ann', 2)));
    expect(labels(three)).toEqual(['Ann', 'Ann (2)', 'Ann (3)']);
    const two = reduce(three, left('b', 'left'));
    expect(labels(two)).toEqual(['Ann', 'Ann (3)']);
    expect(labels(reduce(two, joined(member('d', 'Ann', 3))))).toEqual(['Ann', 'Ann (3)', 'Ann (2)']);
  });

  it('are never confused with somebody who is really called so', () => {
    expect(labels(play(welcome([member('a', 'Ann (2)', 0), member('b', 'Ann', 1), member('c', 'Ann', 2)])))).toEqual(['Ann (2)', 'Ann', 'Ann (3)']);
  });

  it('of names that look the same are told apart too', () => {
    expect(labels(play(welcome([ann, member('b', 'Ann\u200d', 1), member('c', 'A\u2061nn', 2)])))).toEqual(['Ann', 'Ann\u200d (2)', 'A\u2061nn (3)']);
    expect(labels(play(welcome([ann, member('b', 'An', 1)])))).toEqual(['Ann', 'An']);
  });

  it('are seen as they were while they are away, whatever an older snapshot says', () => {
    const before = play(welcome([ann, bob]));
    const stale = { ...bob, present: false, media: { ...media, camera: 'off' as const } };
    const away = reduce(before, welcome([ann, stale]));
    expect(away.people[1]).toMatchObject({ present: false, media: { camera: 'on' } });
    const back = reduce(away, changed({ ...stale, present: true }));
    expect(back.people[1]).toMatchObject({ present: true, media: { camera: 'off' } });
    expect(play(welcome([ann, stale])).people[1]?.media.camera).toBe('off');
  });

  it('keep their tile while their signaling is cut and after a reload', () => {
    const pictures = { streams: [{} as MediaStream, null] as [MediaStream, null], front: 0 as const };
    const before = play(welcome([ann, bob]), { type: 'pictures', peer: 'b', kind: 'camera', pictures });
    const away = reduce(before, changed({ ...bob, present: false }));
    expect(away.people[1]).toMatchObject({ present: false, camera: pictures });
    const back = reduce(away, changed({ ...bob, page: 'b-2' }));
    expect(back.people[1]).toMatchObject({ present: true, page: 'b-2', camera: pictures, label: 'Bob' });
    expect(back.people).toHaveLength(2);
  });

  it('say what this page sends as it is here, not as the bridge remembers it', () => {
    const off = play(welcome([ann]), { type: 'input', kind: 'camera', input: { wanted: false, status: 'off', list: [] } });
    expect(reduce(off, changed(ann)).people[0]?.media.camera).toBe('off');
    const failed = reduce(off, { type: 'input', kind: 'microphone', input: { wanted: true, status: 'failed', problem: 'missing', list: [] } });
    expect(failed.people[0]?.media.microphone).toBe('none');
  });

  it('start anew when one comes in as somebody else', () => {
    const was = play(welcome([ann, bob]), { type: 'reach', peer: 'b', reach: 'connected' });
    const other = reduce(was, welcome([bob, member('z', 'Ann', 2)], { self: 'z' }));
    expect(other.people.map(({ reach, self }) => [reach, self])).toEqual([['connecting', false], ['connected', true]]);
  });
});

describe('the fence', () => {
  const planned = (epoch: number): Event => ({ type: 'room', message: { type: 'planned', plan: plan(epoch) } });

  it('takes only a plan with a higher epoch', () => {
    expect(play(welcome([ann]), planned(6)).plan?.epoch).toBe(6);
    expect(play(welcome([ann]), planned(6), planned(4)).plan?.epoch).toBe(6);
    expect(play(welcome([ann], { plan: plan(9) }), welcome([ann])).plan?.epoch).toBe(9);
    const first = play(welcome([ann]));
    expect(reduce(first, planned(5)).plan).toBe(first.plan);
  });
});

describe('news', () => {
  it('tell who comes and goes, once each', () => {
    const came = play(welcome([ann]), joined(bob));
    expect(came.news).toEqual([{ id: 1, what: 'joined', label: 'Bob' }]);
    expect(reduce(came, changed({ ...bob, present: false })).news).toBe(came.news);
    expect(reduce(came, joined(bob)).news).toBe(came.news);
    expect(reduce(came, left('b', 'left')).news).toEqual([...came.news, { id: 2, what: 'left', label: 'Bob' }]);
    expect(reduce(came, left('b', 'gone')).news.at(-1)).toMatchObject({ what: 'gone' });
    expect(reduce(came, left('x', 'left')).news).toBe(came.news);
  });

  it('tell of signaling that is lost and back, and who came meanwhile', () => {
    const lost = play(welcome([ann]), { type: 'signaling', up: false });
    expect(lost).toMatchObject({ signaling: 'down', news: [{ what: 'signaling-lost' }] });
    const back = reduce(lost, welcome([ann]));
    expect(back).toMatchObject({ signaling: 'up', news: [{ what: 'signaling-lost' }, { what: 'signaling-back' }] });
    expect(reduce(lost, welcome([ann, bob])).news.at(-1)).toMatchObject({ what: 'joined', label: 'Bob' });
  });

  it('tell of everybody who came or went while signaling was away', () => {
    const lost = play(welcome([ann, bob]), { type: 'signaling', up: false });
    const back = reduce(lost, welcome([ann, member('c', 'Cid', 2), member('d', 'Dora', 3)]));
    expect(back.news.slice(-3).map(({ what, label }) => `${label} ${what}`)).toEqual(['Bob gone', 'Cid joined', 'Dora joined']);
  });

  it('keep their numbers however many there are', () => {
    const many = Array.from({ length: 40 }, (_, n) => joined(member(`p${n}`, `P${n}`, n + 1)));
    const ids = play(welcome([ann]), ...many).news.map(({ id }) => id);
    expect([ids.at(0), ids.at(-1)]).toEqual([25, 40]);
  });

  it('do not tell of signaling before one is in, but the State does', () => {
    const waiting = play({ type: 'entering' }, { type: 'signaling', up: false });
    expect(waiting).toMatchObject({ phase: 'joining', signaling: 'down', news: [] });
    expect(reduce(waiting, welcome([ann]))).toMatchObject({ phase: 'room', signaling: 'up', news: [] });
    expect(reduce(waiting, { type: 'again' }).signaling).toBe('up');
  });
});
