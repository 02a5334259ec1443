// The link to another page. The offerer (the smaller PeerID) makes the connection and all offers; the
// other end follows whatever link id it is offered.

import type { Limit, Tuning } from './adapt';
import { randomId } from './ids';
import type { Kind, Traffic } from './kinds';
import { Lanes } from './lanes';
import type { Link, LinkPort, LinkSource, Negotiation } from './link';
import { Mender } from './mender';
import type { Remedy } from './recovery';
import type { Describe } from './signal.gen';
import { withStartRate } from './startrate';
import type { Reach } from './state';
import { Wire, type WireOwner } from './wire';

// Of what a link may carry, an estimate may begin with this much.
const startShare = 0.75;
// How often the far end may have a new connection. One that works asks for it after a second at the soonest.
const renewMillis = 1000;

/** A link to another page. */
export class MeshLink implements Link {
  limit: Limit = 'none';
  traffic: Traffic = { sent: 0, received: 0 };
  private wire: Wire | null = null;
  private lanes: Lanes | null = null;
  private order = 0;
  private arrived: ReadonlySet<Kind> = new Set();
  private tuning: Tuning | null = null;
  private renewedAt = 0;
  private present = true;
  private closed = false;
  private readonly mender: Mender;

  constructor(
    readonly far: string,
    readonly page: string,
    private readonly offers: boolean,
    private readonly port: LinkPort,
  ) {
    this.mender = new Mender(offers, {
      able: () => this.present && port.up(),
      beyondIce: () => this.wire?.beyondIce ?? false,
      apply: (remedy) => this.apply(remedy),
      changed: () => port.changed(),
    });
  }

  get reach(): Reach {
    return this.mender.reach;
  }

  // The far end begins too when it hears of this page.
  open(): void {
    if (this.offers) this.renew();
    this.mender.begin();
  }

  sources(): LinkSource[] {
    const { wire, order, arrived, far: peer } = this;
    return (this.lanes?.arrivals ?? []).map(({ kind, stream }) => {
      return { peer, kind, id: `${wire?.id ?? ''} ${kind}`, order, stream, decoded: arrived.has(kind) };
    });
  }

  brings(peer: string): boolean {
    return peer === this.far;
  }

  loudness(): ReadonlyMap<string, number> {
    return new Map(); // it is heard
  }

  holds(): boolean {
    return false;
  }

  receive(message: Negotiation): void {
    if (message.from !== this.far) return;
    if (message.type === 'describe' && message.kind === 'offer') this.offered(message);
    if (message.link !== this.wire?.id) return; // of a connection that is no more
    if (message.type === 'candidate') this.wire.candidate(message.candidate, message.mline);
    else if (message.type === 'restart') this.mender.asked();
    else if (message.kind === 'answer') this.answered(message.sdp);
  }

  refused(): void {
    // That word is of a relay. Where a bridge refuses what is said to a page, that page is gone, or
    // session.ts says hello again.
  }

  carry(): void {
    // It always does.
  }

  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.lanes?.put(kind, track);
  }

  tune(tuning: Tuning): void {
    this.tuning = tuning;
    this.lanes?.tune(tuning);
  }

  view(): void {
    // The far end sends its own media alone, at a size that fits the mesh.
  }

  reachable(now: boolean): void {
    if (now === this.present) return;
    this.present = now;
    if (now) this.mender.restored();
  }

  hurry(): void {
    this.mender.hurry();
  }

  report(): void {
    // It is one of those that the report is about.
  }

  async look(): Promise<void> {
    const lanes = this.lanes;
    const look = await lanes?.look();
    if (!look || lanes !== this.lanes) return;
    this.arrived = look.arrived;
    this.limit = look.limit;
    this.traffic = look.traffic;
  }

  help(servers: RTCIceServer[]): void {
    this.wire?.help(servers);
  }

  close(): void {
    this.closed = true;
    this.mender.close();
    this.wire?.close();
  }

  // A new connection in place of the old one, if there was any. Browsers bound how many a page may
  // have: one that is not to be had is tried for again later.
  private renew(id = randomId()): Wire | null {
    try {
      this.begin(id);
    } catch {
      this.giveUpWire();
      return null;
    }
    this.port.changed();
    return this.wire;
  }

  private begin(id: string): void {
    this.wire?.close();
    this.renewedAt = Date.now();
    this.order = this.port.order();
    this.arrived = new Set();
    this.mender.answered();
    const wire: Wire = new Wire(id, this.owner(() => wire), this.port.servers());
    this.wire = wire;
    this.lanes = new Lanes(wire, this.port.tracks(), {
      opened: () => queueMicrotask(() => {
        if (this.wire === wire && !this.closed) this.port.changed();
      }),
    });
    if (this.tuning) this.lanes.tune(this.tuning);
    if (this.offers) {
      this.lanes.make();
      wire.offer(false);
      this.mender.sent();
    }
  }

  private owner(self: () => Wire): WireOwner {
    const { port } = this;
    const current = (): boolean => !this.closed && this.wire === self();
    const to = { to: this.far, page: this.page };
    return {
      describe: (kind, sdp) => {
        if (current()) port.send({ type: 'describe', ...to, link: self().id, epoch: port.epoch(), kind, sdp });
      },
      candidate: (candidate, mline) => {
        if (current()) port.send({ type: 'candidate', ...to, link: self().id, candidate, mline });
      },
      state: (state) => {
        if (current()) this.mender.stateIs(state);
      },
      broken: () => {
        if (current()) this.giveUpWire();
      },
      heard: (sdp) => (this.tuning ? withStartRate(sdp, (this.tuning.maxBitrate * startShare) / 1000) : sdp),
    };
  }

  private offered({ link, sdp }: Describe): void {
    if (this.offers) return; // that is not the far end's business
    const known = this.wire?.id === link;
    if (!known && Date.now() - this.renewedAt < renewMillis) return; // if it means it, it repeats it
    const wire = known ? this.wire : this.renew(link);
    const { lanes } = this;
    wire?.answer(sdp, () => lanes?.take());
    lanes?.apply();
  }

  private answered(sdp: string): void {
    if (this.wire?.knows(sdp)) return;
    const { stale } = this.mender;
    this.mender.answered();
    this.wire?.accept(sdp);
    this.lanes?.apply();
    if (stale && this.reach !== 'connected') this.mender.mend();
  }

  private apply(remedy: Remedy): void {
    const { wire } = this;
    if (wire === null) {
      if (this.offers) this.renew();
    } else if (remedy === 'renew') {
      this.renew();
    } else if (remedy === 'ask') {
      this.port.send({ type: 'restart', to: this.far, page: this.page, link: wire.id });
    } else {
      if (remedy === 'repeat') wire.repeat();
      else wire.offer(true);
      this.mender.sent();
    }
  }

  // A description was refused: the offerer begins anew, the other end waits for that.
  private giveUpWire(): void {
    this.wire?.close();
    this.wire = null;
    this.lanes = null;
    this.mender.lost();
    this.port.changed();
  }
}
