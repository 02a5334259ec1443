// @vitest-environment happy-dom
//
// The pages of a room, driven by a call whose State the tests set.

import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { State } from '../call/state';
import RoomPage from './RoomPage.svelte';
import { all, blank, button, choose, field, groups, lobby, one, person, room, Script, type } from './testing';
import { startLanguage } from './text/text.svelte';

let page: Record<string, unknown> | undefined;
let info = { open: true, locked: false, full: false };

function open(state: State): Script {
  const call = new Script(state);
  page = mount(RoomPage, { target: document.body, props: { call } });
  flushSync();
  return call;
}

beforeEach(() => {
  localStorage.clear();
  startLanguage(new URLSearchParams('lang=en'), []);
  info = { open: true, locked: false, full: false };
  vi.stubGlobal('fetch', async () => Response.json(info));
});
afterEach(async () => {
  if (page) await unmount(page);
  page = undefined;
  document.body.replaceChildren();
});

describe('room', () => {
  it('names everybody with what is known of them, oneself last', () => {
    const call = open(room);
    expect(groups()).toEqual(['Ben, Microphone on', 'Ann, you, Microphone on']);
    call.show({
      people: [
        person('Ann', { self: true }),
        person('Ben', { label: 'Ben (2)', media: { microphone: 'off', camera: 'off', screen: 'off' }, reach: 'reconnecting' }),
        person('Chi', { media: { microphone: 'none', camera: 'none', screen: 'none' }, present: false }),
      ],
    });
    expect(groups()).toEqual([
      'Ben (2), Muted, Camera off, Reconnecting…',
      'Chi, No microphone, Camera off, Away',
      'Ann, you, Microphone on',
    ]);
  });

  it('never makes a video anew while its person is in the room', () => {
    const call = open(room);
    const before = all<HTMLVideoElement>('[aria-label^=Ben] video');
    expect(before).toHaveLength(2);
    for (const video of before) expect(video.muted).toBe(true);
    const expectTheSame = () => expect(all('[aria-label^=Ben] video').map((video, at) => video === before[at])).toEqual([true, true]);
    call.show({ people: [person('Chi', { seat: 1 }), ...room.people, person('Dora')] }); // others before and behind
    expectTheSame();
    call.show({ people: [person('Ben', { reach: 'reconnecting', camera: { ...blank, front: 1 } }), room.people[0]!] });
    expectTheSame();
    expect(before.map((video) => video.classList.contains('front'))).toEqual([false, true]);
  });

  it('has one status that says how the call is connected', () => {
    const call = open(room);
    const status = one('[role=status]');
    expect(status.getAttribute('aria-label')).toBe('Connection');
    expect(status.textContent?.trim()).toMatch(/^Direct/);
    call.show({ plan: { ...room.plan!, mode: 'relay' }, signaling: 'down', soundBlocked: true });
    expect(one('[role=status]')).toBe(status);
    expect(status.textContent?.trim()).toMatch(/^Relayed/);
    button('Turn sound on').click();
    expect(call.asked).toEqual(['sound']);
  });

  it('tells who comes and goes, even two at once', () => {
    const call = open(room);
    const [first, second, third] = [
      { id: 1, what: 'joined', label: 'Chi' },
      { id: 2, what: 'left', label: 'Ben' },
      { id: 3, what: 'joined', label: 'Dora' },
    ] as const;
    call.show({ news: [first] });
    call.show({ news: [first, second, third] });
    call.show({ signaling: 'up' });
    expect(all('[role=log] p').map((news) => news.textContent?.trim())).toEqual(['Chi joined', 'Ben left', 'Dora joined']);
  });

  it('tells of a device that fails in the call, until one closes the message', () => {
    const failed = (problem: 'busy' | 'denied') => ({ wanted: true, status: 'failed', problem, list: [] }) as State['camera'];
    const call = open({ ...room, camera: failed('denied') });
    expect(document.body.textContent).not.toContain('your camera'); // the lobby told
    call.show({ microphone: failed('busy') });
    expect(document.body.textContent).toContain('using your microphone');
    button('Close this message').click();
    flushSync();
    expect(document.body.textContent).not.toContain('using your microphone');
    call.show({ microphone: { wanted: true, status: 'starting', list: [] } });
    call.show({ microphone: failed('busy') });
    expect(document.body.textContent).toContain('using your microphone');
  });

  it('shows names as text', () => {
    const name = '<img src=x onerror=alert(1)>';
    open({ ...room, room: name, people: [person('Ann', { self: true }), person('Ben', { name, label: name })] });
    expect(all('img')).toHaveLength(0);
    expect(one('h1').textContent).toBe(name);
  });

  it('obeys its buttons and keys, but no key while one types', () => {
    const call = open(room);
    button('Mute microphone').click();
    button('Turn camera off').click();
    const press = (target: EventTarget, key: string, code: string) =>
      target.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }));
    press(document.body, 'm', 'KeyM');
    press(document.body, 'ㅍ', 'KeyV');
    call.show({ people: [room.people[0]!] }); // alone: there is a field with the link
    press(one('.alone input'), 'm', 'KeyM');
    button('Leave').click();
    expect(call.asked).toEqual(['microphone false', 'camera false', 'microphone false', 'camera false', 'leave']);
  });
});

describe('lobby', () => {
  it('asks for a name, remembers it and joins', async () => {
    const call = open(lobby);
    button('Join').click();
    flushSync();
    expect(one('[role=alert]').textContent).toContain('what the others should call you');
    type('Your name', ' Ann ');
    button('Join').click();
    expect(call.entry).toEqual({ name: 'Ann', password: undefined });
    expect(localStorage.getItem('parley.name')).toBe('Ann');
  });

  it('asks for the password of a locked room at once, and again when it was wrong', async () => {
    info = { open: true, locked: true, full: false };
    const call = open(lobby);
    await vi.waitFor(() => expect(field('Password')).toBeDefined());
    type('Your name', 'Ann');
    type('Password', 'sesam');
    button('Join').click();
    expect(call.entry).toEqual({ name: 'Ann', password: 'sesam' });
    call.show({ phase: 'joining' });
    expect(button('Joining…')).toBeDefined();
    call.show({ phase: 'lobby', fault: 'password' });
    await vi.waitFor(() => expect(document.activeElement).toBe(field('Password')));
    expect(one('[role=alert]').textContent).toBe('That password is wrong.');
    expect(all('details')).toHaveLength(0);
  });

  it('offers its options to whoever opens the room', async () => {
    info = { open: false, locked: false, full: false };
    const call = open(lobby);
    await vi.waitFor(() => expect(all('details')).toHaveLength(1));
    type('Your name', 'Ann');
    button('Join').click();
    expect(call.entry).toEqual({ name: 'Ann', settings: undefined });
    type('Largest number of people', '1');
    button('Join').click();
    flushSync();
    expect(one('[role=alert]').textContent).toContain('between 2 and 500');
    type('Largest number of people', '3');
    type('Password', 'sesam');
    button('Join').click();
    expect(call.entry).toEqual({ name: 'Ann', settings: { password: 'sesam', max: 3 } });
    type('Largest number of people', '');
    type('Password', '');
    for (const [option, meshMax] of [['always through a relay', 0], ['Up to 3', 3], ['always directly', 99]] as const) {
      choose('How many talk directly before a relay carries the call', option);
      button('Join').click();
      expect(call.entry).toEqual({ name: 'Ann', settings: { meshMax } });
    }
    choose('How many talk directly before a relay carries the call', 'As this server is set');
    button('Join').click();
    expect(call.entry).toEqual({ name: 'Ann', settings: undefined });
  });

  it('says when the server does not answer, and lets one give up', () => {
    const call = open(lobby);
    call.show({ phase: 'joining' });
    expect(button('Cancel')).toBeUndefined();
    call.show({ signaling: 'down' });
    expect(one('[role=alert]').textContent).toContain('The server does not answer');
    expect(button('Joining…')).toBeDefined();
    button('Cancel').click();
    expect(call.asked).toEqual(['leave']);
    call.show({ phase: 'lobby', signaling: 'up' });
    expect(one('[role=alert]').textContent).toBe('');
    expect(button('Join')).toBeDefined();
  });

  it('says so also to whoever returns', () => {
    const call = open({ ...lobby, phase: 'joining' });
    expect(document.body.textContent).toContain('Returning to the call');
    expect(button('Cancel')).toBeUndefined();
    call.show({ signaling: 'down' });
    expect(document.body.textContent).toContain('The server does not answer');
    button('Cancel').click();
    expect(call.asked).toEqual(['leave']);
  });

  it('names no limit on people that the host may not grant', async () => {
    info = { open: false, locked: false, full: false };
    open(lobby);
    await vi.waitFor(() => expect(field('Largest number of people')?.placeholder).toBe('The host’s limit'));
  });

  it('says what is wrong with the devices and goes on', () => {
    const failed = { wanted: true, status: 'failed', problem: 'denied', list: [] } as const;
    open({ ...lobby, camera: { ...failed, list: [] }, microphone: { ...failed, list: [] } });
    expect(document.body.textContent).toContain('not to give this page your camera');
    expect(document.body.textContent).toContain('You can still join.');
    expect(button('Turn camera on')).toBeDefined();
    expect(button('Unmute microphone')).toBeDefined();
    expect(button('Join')).toBeDefined();
  });
});

describe('the end', () => {
  it('says why, and what can be done', () => {
    const call = open({ ...lobby, phase: 'ended' });
    expect(one('h1').textContent).toBe('You left the room');
    button('Join again').click();
    call.show({ fault: 'replaced' });
    expect(one('h1').textContent).toBe('The call goes on elsewhere');
    call.show({ fault: 'restarting' });
    expect(document.body.textContent).toContain('The server is restarting');
    expect(call.asked).toEqual(['again']);
  });

  it('closes the call when the page goes elsewhere', async () => {
    const call = open(room);
    await unmount(page!);
    page = undefined;
    expect(call.asked).toEqual(['close']);
  });
});
