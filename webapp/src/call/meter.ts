// How much flows on connections, from how much has flowed. Pure but for what it remembers.

import type { Traffic } from './kinds';

interface Sample extends Traffic {
  at: number; // ms
}

/** What flows, in kbit/s. */
export interface Rate {
  up: number;
  down: number;
}

// A shorter stretch says little: pictures come in bursts.
const leastMillis = 1000;

/** Measures several connections together. */
export class Meter<Connection extends { traffic: Traffic }> {
  private samples = new Map<Connection, Sample>();
  private rate: Rate = { up: 0, down: 0 };
  private at = -Infinity;

  /** Takes the readings of all connections there are, and gives what flows on them together. */
  read(connections: readonly Connection[], now: number): Rate {
    if (now - this.at < leastMillis) return this.rate;
    const samples = new Map<Connection, Sample>();
    const rate: Rate = { up: 0, down: 0 };
    for (const connection of connections) {
      const is = { ...connection.traffic, at: now };
      const was = this.samples.get(connection);
      samples.set(connection, is);
      if (was === undefined || is.sent < was.sent || is.received < was.received) continue; // new, or made anew
      rate.up += ((is.sent - was.sent) * 8) / (is.at - was.at);
      rate.down += ((is.received - was.received) * 8) / (is.at - was.at);
    }
    this.samples = samples;
    this.rate = rate;
    this.at = now;
    return rate;
  }
}
