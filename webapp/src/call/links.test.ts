import { describe, expect, it } from 'vitest';
import vectors from '../../../node/room/testdata/links.json';
import { type End, type Hold, type LinkName, carries, keyOf, links, reconcile, wantedLinks } from './links';
import type { Plan } from './signal.gen';

const end = (peer: string, page = `${peer}-page`): End => ({ peer, page });
const mesh = (epoch: number): Plan => ({ epoch, home: 'n', mode: 'mesh', relays: [], warm: false, lacking: false });
const relayed = (epoch: number): Plan => ({ ...mesh(epoch), mode: 'relay', relays: ['r1'] });
const opened = (...names: LinkName[]): LinkName[] => names;
const to = (far: string, page = `${far}-page`): LinkName => ({ far, page });

describe('links, as Go expands them', () => {
  it('has vectors to go by', () => expect(vectors.length).toBeGreaterThanOrEqual(12));
  for (const { name, plan, members, links: expected } of vectors) {
    it(name, () => {
      const found = members.map(({ peer }) => [peer, links(plan as Plan, members, peer)]);
      expect(Object.fromEntries(found)).toEqual(expected);
    });
  }
});

describe('reconcile', () => {
  const people = [end('a'), end('b'), end('c')];
  const hold = (more: Partial<Hold> = {}): Hold => ({ epoch: 8, settled: undefined, members: people, self: 'a', ...more });
  const keys = (list: readonly LinkName[]): string[] => list.map(keyOf);

  it('opens what is missing and nothing twice', () => {
    const done = reconcile(wantedLinks(mesh(8), people, 'a'), opened(to('b')), hold());
    expect(keys(done.open)).toEqual([keyOf(to('c'))]);
    expect(done.close).toEqual([]);
  });

  it('lets a warm link carry nothing, and one that did until the switch has settled', () => {
    const live = { relay: 'r1', media: true, offer: true };
    const warm = { ...live, media: false };
    const settled = (epoch: number, stuck: string[] = []) => hold({ settled: { epoch, stuck } });
    expect(carries(live, false, hold())).toBe(true);
    expect(carries(warm, false, hold())).toBe(false);
    expect([carries(warm, true, hold()), carries(undefined, true, settled(7))]).toEqual([true, true]);
    expect(carries(undefined, true, settled(8, ['c']))).toBe(true);
    expect([carries(warm, true, settled(8)), carries(undefined, true, settled(8))]).toEqual([false, false]);
  });

  it('closes the link to somebody who is gone', () => {
    const left = [end('a'), end('b')];
    const done = reconcile(wantedLinks(mesh(8), left, 'a'), opened(to('b'), to('c')), hold({ members: left }));
    expect(keys(done.close)).toEqual([keyOf(to('c'))]);
  });

  it('opens a new link to a page that was reloaded, and closes the old one', () => {
    const now = [end('a'), end('b', 'second')];
    const done = reconcile(wantedLinks(mesh(8), now, 'a'), opened(to('b', 'first')), hold({ members: now }));
    expect(keys(done.open)).toEqual([keyOf(to('b', 'second'))]);
    expect(keys(done.close)).toEqual([keyOf(to('b', 'first'))]);
  });

  const wanted = wantedLinks(relayed(8), people, 'a');
  const running = opened(to('b'), to('c'));

  it('keeps the old plan’s links until the switch has settled', () => {
    expect(keys(reconcile(wanted, running, hold()).open)).toEqual(['relay r1']);
    expect(reconcile(wanted, running, hold()).close).toEqual([]);
    expect(reconcile(wanted, running, hold({ settled: { epoch: 7, stuck: [] } })).close).toEqual([]);
    expect(reconcile(wanted, running, hold({ settled: { epoch: 8, stuck: [] } })).close).toEqual(running);
  });

  it('keeps the links to who is stuck, and all of them if it is oneself', () => {
    const some = reconcile(wanted, running, hold({ settled: { epoch: 8, stuck: ['b'] } }));
    expect(keys(some.close)).toEqual([keyOf(to('c'))]);
    expect(reconcile(wanted, running, hold({ settled: { epoch: 8, stuck: ['a'] } })).close).toEqual([]);
  });

  it('keeps the old relay while anybody is stuck', () => {
    const back = wantedLinks(mesh(8), people, 'a');
    const relay = opened({ relay: 'r1' });
    expect(reconcile(back, relay, hold({ settled: { epoch: 8, stuck: ['c'] } })).close).toEqual([]);
    expect(reconcile(back, relay, hold({ settled: { epoch: 8, stuck: [] } })).close).toEqual(relay);
  });

  it('does not keep a stuck member who is gone', () => {
    const members = [end('a'), end('b')];
    const done = reconcile(wanted, running, hold({ members, settled: { epoch: 8, stuck: ['c'] } }));
    expect(keys(done.close)).toEqual([keyOf(to('b')), keyOf(to('c'))]);
  });
});
