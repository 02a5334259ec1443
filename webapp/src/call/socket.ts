// The line to the bridge. In: messages to send. Out: messages of the bridge in order, and whether
// there is a line at all. A line that breaks or falls quiet is dialled again with growing, jittered
// pauses.
//
//     dialling --open--> open --closed, 10 s quiet--> waiting --0.1 to 5 s, or online--> dialling

import type { Code, FromClient, FromServer } from './signal.gen';

/** What the line tells. */
export interface SocketPort {
  /** A new line: whatever was said on the old one may be lost. */
  open(): void;
  message(message: FromServer): void;
  down(): void;
}

/** After these faults the bridge may be dialled again at once: nothing is wrong with the person. */
export const passing: ReadonlySet<Code> = new Set(['restarting', 'quiet', 'slow', 'internal', 'too-often']);

const firstMillis = 100;
const mostMillis = 5000;
const dialMillis = 5000;
const quietMillis = 10_000;
const echoMillis = 2000;

/** One line at a time to an address. */
export class Socket {
  private line: WebSocket | null = null;
  private opened = false;
  private failures = 0;
  private heardAt = 0;
  private allowed = 0; // ms of silence
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly port: SocketPort,
    private readonly make: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {}

  /** Dials now, unless there is a line. */
  dial(): void {
    clearTimeout(this.timer);
    if (this.closed || this.line) return;
    const line = this.make(this.url);
    this.line = line;
    const current = (): boolean => this.line === line;
    line.onopen = () => {
      if (current()) this.isOpen();
    };
    line.onmessage = ({ data }) => {
      if (current()) this.receive(String(data));
    };
    line.onclose = () => {
      if (current()) this.drop();
    };
    this.expect(dialMillis);
  }

  /** Sends, if there is a line; tells whether there is. */
  send(message: FromClient): boolean {
    if (!this.opened || this.line?.readyState !== 1) return false;
    this.line.send(JSON.stringify(message));
    return true;
  }

  /** The bridge took this page in: the next pause is short again. */
  steady(): void {
    this.failures = 0;
  }

  /** The bridge asked for time: the next pause is a long one. */
  slow(): void {
    this.failures = 10;
  }

  /** The network is back: dials at once, or makes sure that the line is alive. */
  hurry(): void {
    if (this.closed) return;
    if (this.line && !this.opened) this.drop();
    if (!this.line) return this.dial();
    this.send({ type: 'ping' });
    this.expect(echoMillis);
  }

  /** What is said on this line is of no use: another one, after a long pause. */
  again(): void {
    this.slow();
    this.drop();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.hangUp();
  }

  private isOpen(): void {
    this.opened = true;
    this.expect(quietMillis);
    this.port.open();
  }

  private receive(text: string): void {
    this.expect(quietMillis);
    const message = parse(text);
    if (message?.type === 'ping') this.send({ type: 'pong' });
    if (message) this.port.message(message);
  }

  // Timers of hidden pages are late and those of sleeping machines very late: the clock decides.
  private expect(millis: number): void {
    this.heardAt = Date.now();
    this.allowed = millis;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.overdue(), millis);
  }

  private overdue(): void {
    const left = this.heardAt + this.allowed - Date.now();
    if (left <= 0) this.drop();
    else this.timer = setTimeout(() => this.overdue(), left);
  }

  private drop(): void {
    const was = this.opened;
    this.hangUp();
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => this.dial(), this.pause());
    if (was) this.port.down();
  }

  private hangUp(): void {
    const line = this.line;
    this.line = null;
    this.opened = false;
    line?.close();
  }

  private pause(): number {
    const whole = Math.min(mostMillis, firstMillis * 2 ** this.failures);
    this.failures++;
    return whole * (0.5 + Math.random() / 2);
  }
}

function parse(text: string): FromServer | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null && 'type' in message ? (message as FromServer) : null;
  } catch {
    return null;
  }
}
