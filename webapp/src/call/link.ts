// What a link is: this page's connection to one far end, and what it needs around it. MeshLink
// (meshlink.ts) is the one to another page, RelayLink (relaylink.ts) the one to a relay.

import type { Limit, Tuning } from './adapt';
import type { Kind, Traffic, Tracks } from './kinds';
import type { Candidate, Describe, FromClient, Restart } from './signal.gen';
import type { Reach, Shown } from './state';
import type { Source } from './tiles';

/** What far ends say to each other through the bridge. */
export type Negotiation =
  | ({ type: 'describe' } & Describe)
  | ({ type: 'candidate' } & Candidate)
  | ({ type: 'restart' } & Restart);

/** A picture or sound that a link brings, and whose it is. */
export interface LinkSource extends Source {
  peer: string;
  kind: Kind;
  stale?: boolean; // of a connection that is gone: the last that was seen, no more will come
}

/** One connection, whatever the far end is. */
export interface Link {
  readonly far?: string; // a member
  readonly page?: string; // of that member
  readonly relay?: string; // a relay node
  readonly reach: Reach;
  readonly limit: Limit; // what holds the camera's encoder back, as of the last look
  readonly traffic: Traffic; // as of the last look
  /** Begins. */
  open(): void;
  sources(): LinkSource[];
  /** Whether the far end is going to bring this, as far as is known here. */
  brings(peer: string, kind: Kind): boolean;
  /** How loud people are, 0 to 1, where the far end says it. */
  loudness(): ReadonlyMap<string, number>;
  /** Whether the far end says that this person's picture does not fit the line. */
  holds(peer: string): boolean;
  receive(message: Negotiation): void;
  /** The far end did not take a description. */
  refused(): void;
  /** Carries media, or is only held ready. */
  carry(now: boolean): void;
  put(kind: Kind, track: MediaStreamTrack | null): void;
  tune(tuning: Tuning): void;
  /** Takes what is shown at which size: a far end that sends by it is told. */
  view(tiles: readonly Shown[]): void;
  /** Whether the far end can be signaled to. When it can again, a link that is down is tried at once. */
  reachable(now: boolean): void;
  /** The network or the signaling is back: try at once if the link is down. */
  hurry(): void;
  /** Takes how much all links between pages carry, in kbit/s. */
  report(up: number, down: number): void;
  /** Reads the statistics; `sources`, `limit` and `traffic` are up to date after it. */
  look(): Promise<void>;
  /** Takes newer ICE servers. */
  help(servers: RTCIceServer[]): void;
  close(): void;
}

/** What a link needs around it. */
export interface LinkPort {
  send(message: FromClient): void;
  /** Whether the bridge hears this page; what is sent while it does not is lost. */
  up(): boolean;
  /** The ICE servers of now. */
  servers(): RTCIceServer[];
  /** The epoch of the plan that is followed. */
  epoch(): number;
  tracks(): Tracks;
  /** The next number in the order of opening. */
  order(): number;
  /** How many others there are in the room, and how many screens they share. */
  crowd(): { people: number; screens: number };
  /** Reach or sources are others now. */
  changed(): void;
}
