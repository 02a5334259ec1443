// A call that tests drive: only its State is real. And ways to find what a page shows.

import { flushSync } from 'svelte';
import { expect } from 'vitest';
import type { Call, Entry, Person, Shown, State } from '../call/state';

/** Nothing to see. */
export const blank = { streams: [null, null] as [null, null], front: 0 as const };

/** A person who is connected and all is on. */
export function person(peer: string, more: Partial<Person> = {}): Person {
  return {
    peer,
    page: 'page',
    name: peer,
    label: peer,
    seat: peer.charCodeAt(0),
    self: false,
    present: true,
    media: { microphone: 'on', camera: 'on', screen: 'off' },
    reach: 'connected',
    speaking: false,
    held: false,
    camera: blank,
    screen: blank,
    ...more,
  };
}

/** Before a call, all well. */
export const lobby: State = {
  phase: 'lobby',
  room: 'quiet-otter-harbour',
  locked: false,
  max: 0,
  signaling: 'up',
  people: [],
  microphone: { wanted: true, status: 'on', list: [] },
  camera: { wanted: true, status: 'on', list: [] },
  speaker: { list: [], selectable: false },
  screen: { possible: true, status: 'off' },
  relayReach: 'none',
  preview: null,
  soundBlocked: false,
  news: [],
};
/** In a call with Ben. */
export const room: State = {
  ...lobby,
  phase: 'room',
  self: 'Ann',
  plan: { epoch: 1, home: 'h', mode: 'mesh', relays: [], warm: false, lacking: false },
  people: [person('Ann', { self: true }), person('Ben')],
};

/** A call of which only the State is real; it notes what is asked of it. */
export class Script implements Call {
  asked: string[] = [];
  entry?: Entry;
  shown?: readonly Shown[]; // what is in view
  #run: (state: State) => void = () => undefined;
  constructor(private state: State) {}
  subscribe = (run: (state: State) => void) => {
    this.#run = run;
    run(this.state);
    return () => undefined;
  };
  show(next: Partial<State>): void {
    this.state = { ...this.state, ...next };
    this.#run(this.state);
    flushSync();
  }
  level = () => 0;
  setCamera = (on: boolean) => void this.asked.push(`camera ${on}`);
  setMicrophone = (on: boolean) => void this.asked.push(`microphone ${on}`);
  setScreen = (on: boolean) => void this.asked.push(`screen ${on}`);
  view = (shown: readonly Shown[]) => void (this.shown = shown);
  presented = () => undefined;
  choose = (kind: string, id: string) => void this.asked.push(`${kind} ${id}`);
  join = (entry: Entry) => void (this.entry = entry);
  leave = () => void this.asked.push('leave');
  again = () => void this.asked.push('again');
  turnSoundOn = () => void this.asked.push('sound');
  close = () => void this.asked.push('close');
}

/** All elements of a selector. */
export const all = <E extends Element = HTMLElement>(selector: string) => [...document.querySelectorAll<E>(selector)];
/** The one element of a selector. */
export const one = <E extends Element = HTMLElement>(selector: string): E => {
  const found = all<E>(selector);
  expect(found, selector).toHaveLength(1);
  return found[0]!;
};
/** The button of this name. */
export const button = (name: string) => all('button').find((each) => (each.getAttribute('aria-label') ?? each.textContent)?.trim() === name)!;
/** The field of this label, if there is one. */
export const field = (label: string) => {
  const found = all<HTMLLabelElement>('label').find((each) => each.textContent?.trim() === label);
  return found ? one<HTMLInputElement>(`[id="${found.htmlFor}"]`) : undefined;
};
/** Types into a field. */
export const type = (label: string, text: string) => {
  const input = field(label)!;
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
};
/** What the tiles are called. */
export const groups = () => all('[role=region][aria-label=Call] [role=group]').map((tile) => tile.getAttribute('aria-label'));
/** Chooses in a list the option that has these words. */
export const choose = (label: string, words: string) => {
  const list = field(label) as unknown as HTMLSelectElement;
  list.selectedIndex = [...list.options].findIndex((option) => option.text.includes(words));
  list.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
};
