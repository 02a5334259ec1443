// @vitest-environment happy-dom
//
// Screens that are shared, pages of people and who speaks, on a stage of a known size.

import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Media } from '../call/signal.gen';
import type { Person, State } from '../call/state';
import RoomPage from './RoomPage.svelte';
import { all, button, one, person, room, Script } from './testing';
import { startLanguage } from './text/text.svelte';

let page: Record<string, unknown> | undefined;

function open(state: State): Script {
  const call = new Script(state);
  page = mount(RoomPage, { target: document.body, props: { call } });
  flushSync();
  return call;
}

const shares: Media = { microphone: 'on', camera: 'on', screen: 'on' };
const crowd = (n: number): Person[] => [
  person('Me', { self: true, seat: 0 }),
  ...Array.from({ length: n - 1 }, (_, at) => person(`P${at + 1}`, { seat: at + 1 })),
];
const inRoom = (people: Person[]): State => ({ ...room, self: 'Me', people });
const change = (people: Person[], peer: string, more: Partial<Person>) =>
  people.map((each) => (each.peer === peer ? { ...each, ...more } : each));

const tile = (peer: string) => one(`[role=group][aria-label^="${peer},"]`);
const inView = () =>
  all('[role=group]').flatMap((each) => (parseFloat(each.style.width) > 0 ? [each.getAttribute('aria-label')!.split(',')[0]!] : []));
const place = (peer: string) => `${tile(peer).style.left} ${tile(peer).style.top}`;
const figures = () => all('figure').map((each) => each.getAttribute('aria-label'));
const area = (element: HTMLElement) => parseFloat(element.style.width) * parseFloat(element.style.height);

beforeEach(() => {
  localStorage.clear();
  startLanguage(new URLSearchParams('lang=en'), []);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1256);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(676);
});
afterEach(async () => {
  if (page) await unmount(page);
  page = undefined;
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

describe('sharing a screen', () => {
  it('begins and ends by one button, which is not there where the browser cannot', () => {
    const call = open(room);
    button('Share screen').click();
    call.show({ screen: { possible: true, status: 'starting' } });
    button('Share screen').click(); // the browser is asking already
    call.show({ screen: { possible: true, status: 'on' } });
    button('Stop sharing').click();
    expect(call.asked).toEqual(['screen true', 'screen false']);
    call.show({ screen: { possible: false, status: 'off' } });
    expect(button('Share screen')).toBeUndefined();
  });

  it('says in words why it did not begin', () => {
    const call = open(room);
    call.show({ screen: { possible: true, status: 'failed', problem: 'denied' } });
    expect(document.body.textContent).toContain('Allow it in the system settings');
    expect(button('Share screen')).toBeDefined();
  });

  it("shows others' screens large beside their tiles, and one's own not at all", () => {
    const people = crowd(4);
    const call = open(inRoom(people));
    expect(figures()).toEqual([]);
    call.show({ people: change(people, 'P2', { media: shares }) });
    expect(figures()).toEqual(["P2's screen"]);
    expect(inView()).toEqual(['P1', 'P2', 'P3', 'Me']);
    expect(area(one('figure'))).toBeGreaterThan(5 * area(tile('P2')));
    expect(tile('P2').getAttribute('aria-label')).toContain('Shares a screen');
    expect(all('[role=log] p').map((news) => news.textContent?.trim())).toEqual(['P2 shares a screen']);
    call.show({ people });
    const before = inView().map(place);
    call.show({ people: change(people, 'Me', { media: shares }) });
    expect(figures()).toEqual([]);
    expect(inView().map(place)).toEqual(before); // nothing makes room for it
    expect(tile('Me').textContent).toContain('You share your screen');
  });

  it('leaves the first of two screens large until one chooses the other, and keeps their videos', () => {
    let people = change(crowd(4), 'P3', { media: shares });
    const call = open(inRoom(people));
    people = change(people, 'P1', { media: shares });
    call.show({ people });
    const videos = all('figure video');
    const large = () => all('figure').sort((a, b) => area(b) - area(a))[0]!.getAttribute('aria-label');
    expect(large()).toBe("P3's screen");
    button("Show P1's screen large").click();
    flushSync();
    expect(large()).toBe("P1's screen");
    expect(all('figure video').every((video, at) => video === videos[at])).toBe(true);
    expect(call.shown?.filter(({ kind }) => kind === 'screen')).toMatchObject([{ peer: 'P1', pinned: true }, { peer: 'P3' }]);
    call.show({ people: change(people, 'P1', { media: { ...shares, screen: 'off' } }) });
    expect(large()).toBe("P3's screen");
  });
});

describe('a large room', () => {
  it('shows some, asks for these alone, and has the others on further pages', () => {
    const call = open(inRoom(crowd(50)));
    const seen = new Set<string>();
    for (let leaf = 1; leaf <= 3; leaf++) {
      const names = inView();
      expect(names.at(-1)).toBe('Me');
      expect(call.shown?.map(({ peer }) => peer)).toEqual(names.slice(0, -1));
      expect(one('nav').textContent).toContain(`Page ${leaf} of 3`);
      for (const name of names) seen.add(name);
      button('Next people').click();
      flushSync();
    }
    expect(seen.size).toBe(50);
    expect(one('nav').textContent).toContain('Page 1 of 3'); // after the last comes the first
    button('Previous people').click();
    flushSync();
    expect(one('nav').textContent).toContain('Page 3 of 3');
  });

  it('keeps who speaks in view, and moves nobody but those two', () => {
    const people = crowd(50);
    const call = open(inRoom(people));
    const before = new Map(inView().map((peer) => [peer, place(peer)]));
    const video = tile('P40').querySelector('video');
    call.show({ people: change(people, 'P40', { speaking: true }) });
    expect(tile('P40').classList.contains('speaking')).toBe(true);
    expect(inView()).toContain('P40');
    const moved = [...before].filter(([peer, at]) => !inView().includes(peer) || place(peer) !== at).map(([peer]) => peer);
    expect(moved).toHaveLength(1);
    expect(place('P40')).toBe(before.get(moved[0]!));
    call.show({ people });
    expect(inView()).toContain('P40'); // and does not go back when silent
    expect(tile('P40').querySelector('video')).toBe(video);
  });

  it('does not say anew what has not changed', () => {
    const people = crowd(6);
    const call = open(inRoom(people));
    const said = call.shown;
    expect(said).toHaveLength(5);
    call.show({ people: change(people, 'P1', { speaking: true }) });
    expect(call.shown).toBe(said);
    call.show({ people: crowd(5) });
    expect(call.shown).toHaveLength(4);
  });

  it('shows who is muted as silent, and whose picture is held back without it', () => {
    const people = crowd(3);
    const call = open(inRoom(people));
    call.show({ people: change(people, 'P1', { speaking: true, media: { ...shares, microphone: 'off' } }) });
    expect(tile('P1').classList.contains('speaking')).toBe(false);
    call.show({ people: change(people, 'P1', { held: true }) });
    expect(tile('P1').querySelectorAll('video.front')).toHaveLength(0);
    expect(tile('P1').getAttribute('aria-label')).toContain('your line is too slow');
  });
});
