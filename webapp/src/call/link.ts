// One link: this page's connection to one far end. MeshLink is the one to another page; a far end of
// another kind is another class behind the same Link.
//
//     connecting --up--> connected --disconnected, failed--> reconnecting --up--> connected
//         +--15 s--> stuck --up--> connected
//
// The offerer (the smaller PeerID) makes the RTCPeerConnection and all offers; the other end follows
// whatever link id it is offered. recovery.ts says when and how a link is mended.

import type { Limit, Tuning } from './adapt';
import { randomId } from './ids';
import { type Remedy, type Trouble, nextTry, remedyFor } from './recovery';
import type { Candidate, Describe, FromClient, Restart } from './signal.gen';
import type { Reach, Shown } from './state';
import type { Source } from './tiles';
import { type Kind, type Tracks, Wire, type WireOwner } from './wire';

/** What far ends say to each other through the bridge. */
export type Negotiation =
  | ({ type: 'describe' } & Describe)
  | ({ type: 'candidate' } & Candidate)
  | ({ type: 'restart' } & Restart);

/** A picture or sound that a link brings, and whose it is. */
export interface LinkSource extends Source {
  peer: string;
  kind: Kind;
}

/** One connection, whatever the far end is. */
export interface Link {
  readonly far?: string; // a member
  readonly page?: string; // of that member
  readonly relay?: string; // a relay node
  readonly reach: Reach;
  readonly limit: Limit; // what holds the camera's encoder back, as of the last look
  /** Begins. */
  open(): void;
  sources(): LinkSource[];
  receive(message: Negotiation): void;
  put(kind: Kind, track: MediaStreamTrack | null): void;
  tune(tuning: Tuning): void;
  /** Takes what is shown at which size: a far end that sends by it is told. */
  view(tiles: readonly Shown[]): void;
  /** Whether the far end can be signaled to. When it can again, a link that is down is tried at once. */
  reachable(now: boolean): void;
  /** The network or the signaling is back: try at once if the link is down. */
  hurry(): void;
  /** Reads the statistics; `sources` and `limit` are up to date after it. */
  look(): Promise<void>;
  close(): void;
}

/** What a link needs around it. */
export interface LinkPort {
  send(message: FromClient): void;
  /** Whether the bridge hears this page; what is sent while it does not is lost. */
  up(): boolean;
  /** The epoch of the plan that is followed. */
  epoch(): number;
  tracks(): Tracks;
  /** The next number in the order of opening. */
  order(): number;
  /** Reach or sources are others now. */
  changed(): void;
}

const stuckMillis = 15_000;
const staleMillis = 3000;

/** A link to another page. */
export class MeshLink implements Link {
  reach: Reach = 'connecting';
  limit: Limit = 'none';
  private wire: Wire | null = null;
  private order = 0;
  private arrived: ReadonlySet<Kind> = new Set();
  private tuning: Tuning | null = null;
  private present = true;
  private closed = false;
  private trouble: Omit<Trouble, 'beyondIce'> = { since: Date.now(), fresh: true, unanswered: 0 };
  private retry: ReturnType<typeof setTimeout> | undefined;
  private giveUp: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly far: string,
    readonly page: string,
    private readonly offers: boolean,
    private readonly port: LinkPort,
  ) {}

  // The far end begins too when it hears of this page.
  open(): void {
    this.waitForStuck();
    if (this.offers) this.renew();
    this.plan();
  }

  sources(): LinkSource[] {
    const { wire, order, arrived, far: peer } = this;
    return (wire?.arrivals ?? []).map(({ kind, stream }) => {
      return { peer, kind, id: `${wire?.id ?? ''} ${kind}`, order, stream, decoded: arrived.has(kind) };
    });
  }

  receive(message: Negotiation): void {
    if (message.type === 'describe' && message.kind === 'offer') this.offered(message);
    if (message.link !== this.wire?.id) return; // of a connection that is no more
    if (message.type === 'candidate') this.wire.candidate(message.candidate, message.mline);
    else if (message.type === 'restart') this.asked();
    else if (message.kind === 'answer') this.answered(message.sdp);
  }

  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.wire?.put(kind, track);
  }

  tune(tuning: Tuning): void {
    this.tuning = tuning;
    this.wire?.tune(tuning);
  }

  view(): void {
    // The far end sends its own media alone, at a size that fits the mesh.
  }

  reachable(now: boolean): void {
    if (now === this.present) return;
    this.present = now;
    if (now && this.reach !== 'connected') this.mend();
  }

  hurry(): void {
    if (this.reach !== 'connected' && this.sinceTried() > 500) this.mend();
  }

  async look(): Promise<void> {
    const wire = this.wire;
    const look = await wire?.look();
    if (!look || wire !== this.wire) return;
    this.arrived = look.arrived;
    this.limit = look.limit;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    clearTimeout(this.giveUp);
    this.wire?.close();
  }

  // A new connection in place of the old one, if there was any.
  private renew(id = randomId()): Wire {
    this.wire?.close();
    this.order = this.port.order();
    this.arrived = new Set();
    this.trouble.unanswered = 0;
    const wire: Wire = new Wire(id, this.offers, this.port.tracks(), this.owner(() => wire));
    this.wire = wire;
    if (this.tuning) wire.tune(this.tuning);
    if (this.offers) {
      wire.offer(false);
      this.out();
    }
    this.port.changed();
    return wire;
  }

  private owner(self: () => Wire): WireOwner {
    const current = (): boolean => !this.closed && this.wire === self();
    const to = { to: this.far, page: this.page };
    return {
      describe: (kind, sdp) => {
        const { port } = this;
        if (current()) port.send({ type: 'describe', ...to, link: self().id, epoch: port.epoch(), kind, sdp });
      },
      candidate: (candidate, mline) => {
        if (current()) this.port.send({ type: 'candidate', ...to, link: self().id, candidate, mline });
      },
      state: (state) => {
        if (current()) this.stateIs(state);
      },
      opened: () => queueMicrotask(() => {
        if (current()) this.port.changed();
      }),
      broken: () => {
        if (current()) this.giveUpWire();
      },
    };
  }

  private offered({ link, sdp }: Describe): void {
    if (this.offers) return; // that is not the far end's business
    const wire = this.wire?.id === link ? this.wire : this.renew(link);
    wire.answer(sdp);
  }

  private answered(sdp: string): void {
    const { tried } = this.trouble;
    const stale = tried !== undefined && Date.now() - tried > staleMillis;
    this.trouble.unanswered = 0;
    this.wire?.accept(sdp);
    // The addresses in an offer that waited for long may be those of a network that is gone.
    if (stale && this.reach !== 'connected') this.mend();
  }

  // The far end finds the link down.
  private asked(): void {
    if (this.offers && this.sinceTried() > 1000) this.mend();
  }

  private stateIs(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      clearTimeout(this.giveUp);
      clearTimeout(this.retry);
      this.setReach('connected');
    } else if (state === 'disconnected' || state === 'failed') {
      this.broke(state === 'failed');
    }
  }

  private broke(failed: boolean): void {
    if (this.reach === 'connected') {
      this.trouble = { since: Date.now(), fresh: false, unanswered: 0 };
      this.setReach('reconnecting');
    }
    if (failed) this.trouble.fresh = false;
    this.plan();
  }

  private plan(): void {
    clearTimeout(this.retry);
    if (this.closed || this.reach === 'connected') return;
    this.retry = setTimeout(() => this.mend(), Math.max(0, nextTry(this.full()) - Date.now()));
  }

  private full(): Trouble {
    return { ...this.trouble, beyondIce: this.wire?.beyondIce ?? false };
  }

  private sinceTried(): number {
    return Date.now() - (this.trouble.tried ?? 0);
  }

  private mend(): void {
    if (this.closed) return;
    if (this.present && this.port.up()) this.apply(this.wire || !this.offers ? remedyFor(this.full(), this.offers) : 'renew');
    this.trouble.tried = Date.now();
    this.plan();
  }

  private apply(remedy: Remedy): void {
    switch (remedy) {
      case 'renew':
        this.renew();
        break;
      case 'ask':
        this.ask();
        break;
      case 'repeat':
        this.wire?.repeat();
        this.out();
        break;
      case 'restart':
        this.wire?.offer(true);
        this.out();
    }
  }

  private ask(): void {
    if (this.wire) this.port.send({ type: 'restart', to: this.far, page: this.page, link: this.wire.id });
  }

  private out(): void {
    this.trouble.tried = Date.now();
    this.trouble.unanswered++;
  }

  // A description was refused: the offerer begins anew, the other end waits for that.
  private giveUpWire(): void {
    this.wire?.close();
    this.wire = null;
    this.broke(true);
    this.port.changed();
  }

  // Time during which the two could not speak to each other does not count.
  private waitForStuck(): void {
    this.giveUp = setTimeout(() => {
      if (this.present && this.port.up()) this.setReach('stuck');
      else this.waitForStuck();
    }, stuckMillis);
  }

  private setReach(reach: Reach): void {
    if (this.closed || this.reach === reach) return;
    this.reach = reach;
    this.port.changed();
  }
}
