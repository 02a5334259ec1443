// The link to a relay: one more far end. This page makes all offers; what the relay answers holds all
// its candidates. When a connection is made anew, what was seen last stays until there is more.

import type { Limit } from './adapt';
import { randomId } from './ids';
import type { Kind, Traffic } from './kinds';
import type { Link, LinkPort, LinkSource, Negotiation } from './link';
import { Mender } from './mender';
import type { Remedy } from './recovery';
import { fingerprintOf, slim } from './relaysdp';
import type { Count } from './slots';
import type { Reach, Shown } from './state';
import { Trunk } from './trunk';
import { Wire, type WireOwner } from './wire';

const lingerMillis = 2000;

/** A link to a relay. */
export class RelayLink implements Link {
  readonly limit: Limit = 'none'; // each layer has its own bounds
  readonly traffic: Traffic = { sent: 0, received: 0 };
  private wire: Wire | null = null;
  private trunk: Trunk | null = null;
  private order = 0;
  private answerer = ''; // the fingerprint in its answers
  private carrying = false;
  private shown: readonly Shown[] | null = null;
  private last: LinkSource[] = []; // of the connection before
  private newer = new Map<string, number>(); // since when there is something newer than that, by peer and kind
  private owed = false; // an offer is due once the one that is out was answered
  private reported = false; // since the last offer
  private closed = false;
  private readonly mender: Mender;

  constructor(
    readonly relay: string,
    private readonly port: LinkPort,
  ) {
    this.mender = new Mender(true, {
      able: () => port.up(),
      beyondIce: () => this.wire?.beyondIce ?? false,
      apply: (remedy) => this.apply(remedy),
      changed: () => port.changed(),
    });
  }

  get reach(): Reach {
    return this.mender.reach;
  }

  open(): void {
    this.renew();
    this.mender.begin();
  }

  sources(): LinkSource[] {
    return [...this.last, ...(this.trunk?.sources(this.order) ?? [])];
  }

  brings(peer: string, kind: Kind): boolean {
    return this.trunk?.brings(peer, kind) ?? true;
  }

  loudness(): ReadonlyMap<string, number> {
    return this.trunk?.loudness ?? new Map();
  }

  holds(peer: string): boolean {
    return this.trunk?.holds(peer) ?? false;
  }

  receive(message: Negotiation): void {
    if (message.from !== this.relay || message.link !== this.wire?.id || message.type !== 'describe') return;
    if (message.kind === 'answer') this.answered(message.sdp);
  }

  // With a connection that works, what was refused was more of it: it goes on as it is.
  refused(): void {
    if (this.reach !== 'connected') this.giveUpWire();
  }

  carry(now: boolean): void {
    const { trunk } = this;
    const grew = trunk?.grow(this.need()) ?? false;
    const begins = now && !this.carrying;
    this.carrying = now;
    trunk?.carry(now);
    // The answer tells this browser where its estimate of the uplink begins: by what it sent until now.
    if (grew || (begins && this.reported)) this.negotiate();
  }

  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.trunk?.put(kind, track);
  }

  tune(): void {
    // The layers' sizes follow from the camera's alone.
  }

  view(tiles: readonly Shown[]): void {
    this.shown = tiles;
    this.trunk?.view(tiles);
  }

  reachable(): void {
    // A relay is always there, as far as pages know.
  }

  // Signaling may have been away because the whole node was, its relay too. That shows in the answer to
  // an offer seconds before it shows in the connection.
  hurry(): void {
    if (this.reach !== 'connected') this.mender.hurry();
    else if (this.mender.waits) this.wire?.repeat();
    else this.negotiate();
  }

  report(up: number, down: number): void {
    if (!this.carrying && this.trunk?.report(up, down)) this.reported = true;
  }

  async look(): Promise<void> {
    await this.trunk?.look();
    const sources = this.trunk?.sources(this.order) ?? [];
    this.last = this.last.filter((was) => !this.outlived(was, sources, Date.now()));
  }

  help(servers: RTCIceServer[]): void {
    this.wire?.help(servers);
  }

  close(): void {
    this.closed = true;
    this.mender.close();
    this.trunk?.close();
    this.wire?.close();
  }

  // What was seen last stays until the newer has been decoded, and presented: elements need a moment for that.
  private outlived(was: LinkSource, sources: readonly LinkSource[], now: number): boolean {
    const key = `${was.peer} ${was.kind}`;
    if (!sources.some((is) => is.decoded && is.stale !== true && is.peer === was.peer && is.kind === was.kind)) {
      this.newer.delete(key);
      return false;
    }
    const since = this.newer.get(key) ?? now;
    this.newer.set(key, since);
    return now - since >= lingerMillis;
  }

  // One more than there are: the next to come shall find a place without an offer.
  private need(): Count {
    const { people, screens } = this.port.crowd();
    return { audio: people + screens + 1, video: people + screens + 1 };
  }

  private renew(): void {
    this.leave();
    this.order = this.port.order();
    this.answerer = '';
    this.owed = false;
    this.mender.answered();
    const wire: Wire = new Wire(randomId(), this.owner(() => wire), this.port.servers());
    const current = (): boolean => this.wire === wire && !this.closed;
    this.wire = wire;
    this.trunk = new Trunk(wire, this.port.tracks(), {
      changed: () => {
        if (current()) this.port.changed();
      },
      grew: () => {
        if (current()) this.negotiate();
      },
      ended: () => {
        if (current()) this.giveUpWire();
      },
    });
    this.trunk.grow(this.need());
    this.trunk.carry(this.carrying);
    if (this.shown) this.trunk.view(this.shown);
    this.negotiate();
    this.port.changed();
  }

  // Lets go of a connection but not of what was seen last.
  private leave(): void {
    const seen = this.trunk?.sources(this.order).filter(({ kind }) => kind === 'camera' || kind === 'screen') ?? [];
    if (seen.length > 0) this.last = seen.map((source) => ({ ...source, decoded: true, stale: true }));
    this.newer.clear();
    this.trunk?.close();
    this.wire?.close();
    this.wire = null;
    this.trunk = null;
  }

  private owner(self: () => Wire): WireOwner {
    const { port } = this;
    const current = (): boolean => !this.closed && this.wire === self();
    return {
      describe: (kind, sdp) => {
        if (current()) port.send({ type: 'describe', to: this.relay, link: self().id, epoch: port.epoch(), kind, sdp });
      },
      candidate: () => undefined, // it learns them from the checks
      state: (state) => {
        if (!current()) return;
        if (state === 'closed') this.giveUpWire();
        else this.mender.stateIs(state);
      },
      broken: () => {
        if (current()) this.giveUpWire();
      },
      said: slim,
    };
  }

  private negotiate(restart = false): void {
    if (this.mender.waits) {
      this.owed = true;
      return;
    }
    this.owed = false;
    this.reported = false;
    this.wire?.offer(restart);
    this.mender.sent();
  }

  private answered(sdp: string): void {
    if (this.wire?.knows(sdp)) return;
    const answerer = fingerprintOf(sdp);
    const another = this.answerer !== '' && this.answerer !== answerer;
    this.mender.answered();
    if (another) return this.renew(); // the relay was started anew and knows nothing of this connection
    this.answerer = answerer;
    this.wire?.accept(sdp);
    if (this.owed) this.negotiate();
  }

  private apply(remedy: Remedy): void {
    const { wire } = this;
    if (wire === null || remedy === 'renew') return this.renew();
    if (remedy === 'restart') return this.negotiate(true);
    wire.repeat();
    this.mender.sent();
  }

  private giveUpWire(): void {
    this.leave();
    this.mender.lost();
    this.port.changed();
  }
}
