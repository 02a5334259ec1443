// What a call is, for whoever shows it. The user interface reads this State and calls the actions of
// `Call`; it never sees a connection. One `reduce` makes the next State of an Event.

import type { Code, Media, Plan, Settings, Settled } from './signal.gen';

/** Why a device gives nothing. Each has a sentence of its own in the catalogue. */
export type Problem =
  | 'insecure' // the page is not secure, so browsers give no devices at all
  | 'missing' // there is no such device
  | 'denied' // the person or the browser refused
  | 'busy' // another program holds it
  | 'failed'; // anything else

export interface Device {
  id: string;
  label: string; // may be empty before permission is given
}

/** A camera or microphone: what the person wants, and what became of it. */
export interface Input {
  wanted: boolean;
  status: 'off' | 'starting' | 'on' | 'failed';
  problem?: Problem;
  chosen?: string; // device id
  list: Device[];
}

export interface Speaker {
  chosen?: string;
  list: Device[];
  selectable: boolean; // false where the browser cannot choose an output
}

/** One's own screen, shared or not. */
export interface Share {
  possible: boolean; // false where the browser cannot share a screen: offer nothing
  status: 'off' | 'starting' | 'on' | 'failed'; // starting: the browser asks which screen; a refusal there is just off
  problem?: Problem; // with failed
}

/** A picture as it is shown: pixels of the device, so CSS pixels times devicePixelRatio. */
export interface Shown {
  peer: string;
  kind: 'camera' | 'screen';
  width: number; // 0: not shown
  height: number;
  pinned?: boolean; // chosen by hand: served first where the line is narrow
}

/** A frame that an element has presented. */
export interface Presented {
  peer: string;
  kind: 'camera' | 'screen';
  stream: MediaStream;
  captured?: number; // captureTime of requestVideoFrameCallback, where the browser knows it
}

/** Whether this page reaches the relay that carries the call, or that would carry a larger one. */
export type RelayReach = 'none' | 'connecting' | 'connected' | 'stuck';

/** Two stacked pictures: the new one is put behind and comes to the front once it has decoded. */
export interface Pictures {
  streams: [MediaStream | null, MediaStream | null];
  front: 0 | 1;
}

/** How the connection to a person is. One's own is always 'connected'. */
export type Reach = 'connecting' | 'connected' | 'reconnecting' | 'stuck';

export interface Person {
  peer: string;
  page: string; // one load of their page; a reload is another one
  relay?: string; // the relay they talk to, if any
  name: string; // as given
  label: string; // told apart from others of the same name: "Ann", "Ann (2)"
  seat: number;
  self: boolean;
  present: boolean; // false: their signaling is cut
  media: Media;
  reach: Reach;
  speaking: boolean; // heard now; holds through the pauses between words
  held: boolean; // their camera is not sent to this page, because its line is too narrow: show the avatar
  camera: Pictures;
  screen: Pictures; // empty for oneself: State.screen says whether one shares
}

/** Something to be told, to screen readers too. `id` rises, so that each is told once. */
export interface News {
  id: number;
  what: 'joined' | 'left' | 'gone' | 'signaling-lost' | 'signaling-back';
  label?: string;
}

export interface State {
  phase: 'lobby' | 'joining' | 'room' | 'ended';
  fault?: Code; // why joining was refused (phase lobby) or the call ended (phase ended); unset after an own leave
  room: string; // as typed, later as normalised by the bridge
  self?: string; // PeerID
  locked: boolean;
  max: number;
  signaling: 'up' | 'down'; // down: dialling again, the call itself goes on
  plan?: Plan;
  settled?: Settled; // the newest: links of plans older than this one may close
  people: Person[]; // by seat, self included; empty outside the room
  microphone: Input;
  camera: Input;
  speaker: Speaker;
  screen: Share;
  relayReach: RelayReach; // 'none' where the plan has no relay
  preview: MediaStream | null; // one's own camera
  soundBlocked: boolean; // the browser wants a click first: show "Turn sound on"
  news: readonly News[]; // the latest, the newest last
}

/** How somebody asks to come in. */
export interface Entry {
  name: string;
  password?: string;
  settings?: Settings; // only when the room is to be created
}

/** The actions. State is a Svelte-compatible store: subscribe calls at once and on every change. */
export interface Call {
  subscribe(run: (state: State) => void): () => void;
  /** Loudness now, 0 to 1: of the own microphone, or of the person named. */
  level(peer?: string): number;
  setCamera(on: boolean): void;
  setMicrophone(on: boolean): void;
  /** Shares a screen, or stops. Browsers start it only in a click. */
  setScreen(on: boolean): void;
  /**
   * What is shown at which size: the whole list, at every change of the layout; it is coalesced here.
   * A relay sends what fits these sizes, and nothing of what is not in the list. Without a word
   * everybody's camera is taken to be shown.
   */
  view(tiles: readonly Shown[]): void;
  /** Each frame that is presented, front and back, while a person has two streams: the flip waits for it. */
  presented(frame: Presented): void;
  choose(kind: 'camera' | 'microphone' | 'speaker', id: string): void;
  join(entry: Entry): void;
  /** Out of the room; while joining, back to the lobby. */
  leave(): void;
  /** From phase 'ended' back to the lobby; after fault 'replaced' into the call, in place of the other page. */
  again(): void;
  turnSoundOn(): void;
  /** Leaves and releases everything: the page shows something else now. Not for pagehide, which is no leaving. */
  close(): void;
}
