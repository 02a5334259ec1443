// How a link is doing, and the mending of one that is not well: recovery.ts says when and how, this
// keeps the clock. It serves links of every kind.
//
//     connecting --up--> connected --disconnected, failed--> reconnecting --up--> connected
//         +--15 s--> stuck --up--> connected

import { type Remedy, type Trouble, nextTry, remedyFor } from './recovery';
import type { Reach } from './state';

/** What a Mender needs around it. */
export interface MenderPort {
  /** Whether the far end can be signaled to. */
  able(): boolean;
  /** Whether the transport failed although ICE did not. */
  beyondIce(): boolean;
  apply(remedy: Remedy): void;
  /** Reach is another now. */
  changed(): void;
}

const stuckMillis = 15_000;
const staleMillis = 3000;

/** Watches over one link. */
export class Mender {
  reach: Reach = 'connecting';
  private closed = false;
  private trouble: Omit<Trouble, 'beyondIce'> = { since: Date.now(), fresh: true, unanswered: 0 };
  private vain = false; // the last try came to nothing: the far end could not be signaled to
  private retry: ReturnType<typeof setTimeout> | undefined;
  private giveUp: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly offers: boolean,
    private readonly port: MenderPort,
  ) {}

  begin(): void {
    this.waitForStuck();
    this.plan();
  }

  /** The connection says how it is. */
  stateIs(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      clearTimeout(this.giveUp);
      clearTimeout(this.retry);
      this.setReach('connected');
    } else if (state === 'disconnected' || state === 'failed') {
      this.broke(state === 'failed');
    }
  }

  /** The connection is no more. */
  lost(): void {
    this.broke(true);
  }

  /** An offer goes out. */
  sent(): void {
    this.trouble.tried = Date.now();
    this.trouble.unanswered++;
  }

  /** The offers that are out were answered, or concern nobody any more. */
  answered(): void {
    this.trouble.unanswered = 0;
  }

  /** Whether an offer is out that nobody has answered. */
  get waits(): boolean {
    return this.trouble.unanswered > 0;
  }

  /** Whether what was sent last was sent long ago: the addresses in it may be those of a network that is gone. */
  get stale(): boolean {
    return this.trouble.tried !== undefined && this.sinceTried() > staleMillis;
  }

  /** The network or the signaling is back. */
  hurry(): void {
    if (this.closed || this.reach === 'connected') return;
    if (this.reach === 'connecting') this.waitForStuck();
    if (this.vain || this.sinceTried() > 500) this.mend();
  }

  /** The far end can be signaled to again: whatever it was sent meanwhile is lost. */
  restored(): void {
    this.vain = true;
    this.hurry();
  }

  /** The far end finds the link down. */
  asked(): void {
    if (this.offers && this.sinceTried() > 1000) this.mend();
  }

  /** Tries now. */
  mend(): void {
    if (this.closed) return;
    this.vain = !this.port.able();
    if (!this.vain) this.port.apply(remedyFor(this.full(), this.offers));
    this.trouble.tried = Date.now();
    this.plan();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    clearTimeout(this.giveUp);
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
    return { ...this.trouble, beyondIce: this.port.beyondIce() };
  }

  private sinceTried(): number {
    return Date.now() - (this.trouble.tried ?? 0);
  }

  // Time during which the two could not speak to each other does not count.
  private waitForStuck(): void {
    clearTimeout(this.giveUp);
    this.giveUp = setTimeout(() => {
      if (this.port.able()) this.setReach('stuck');
      else this.waitForStuck();
    }, stuckMillis);
  }

  private setReach(reach: Reach): void {
    if (this.closed || this.reach === reach) return;
    this.reach = reach;
    this.port.changed();
  }
}
