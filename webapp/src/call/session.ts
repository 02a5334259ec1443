// The conversation with the bridge: coming in, coming back, being refused. In: an Entry or a stay
// that was interrupted. Out: the room's messages, what far ends say, and how it ended.
//
//     entering --welcome--> in the room --cut--> (dialling) --hello with pass--> in the room
//         +--refused--> over                          +--pass refused--> entering as a new person

import type { Negotiation } from './link';
import type { RoomMessage } from './reduce';
import { type Code, type Fault, type FromClient, type FromServer, type Hello, type Media, version } from './signal.gen';
import { Socket } from './socket';
import { type Stay, touchStay, writeStay } from './stay';
import type { Entry } from './state';

/** What a Session tells. */
export interface SessionPort {
  room(message: RoomMessage): void;
  far(message: Negotiation): void;
  /** A relay did not take a description. */
  relayRefused(): void;
  /** Signaling works, or does not. */
  up(now: boolean): void;
  /** Not let in. */
  refused(code: Code): void;
  /** Put out, after having been in. */
  ended(code: Code): void;
}

/** Where a Session takes place. */
export interface SessionPlace {
  room: string;
  page: string; // this load of the page
  url: string; // of the signaling
  storage: Storage | null;
  /** What this page sends now. */
  media(): Media;
  /** Makes a line; a browser's own by default. */
  dial?(url: string): WebSocket;
}

// After these the bridge may be dialled again at once: nothing is wrong with the person.
const passing: ReadonlySet<Code> = new Set(['restarting', 'quiet', 'slow', 'internal', 'too-often']);

/** One stay in a room, over as many lines as it takes. */
export class Session {
  /** Whether the bridge has this page in the room on the present line. */
  up = false;
  /** What the bridge was told last that this page sends. */
  told: Media | undefined;
  private readonly socket: Socket;
  private over = false;
  private welcomed = false;
  private entry: Entry;
  private stay: Stay | null;

  constructor(
    private readonly place: SessionPlace,
    private readonly port: SessionPort,
    from: Entry | Stay,
  ) {
    this.entry = { name: from.name };
    this.stay = null;
    if ('pass' in from) this.stay = from;
    else this.entry = from;
    this.socket = new Socket(place.url, {
      open: () => this.say(),
      message: (message) => this.receive(message),
      down: () => this.down(),
    }, place.dial);
    this.socket.dial();
  }

  send(message: FromClient): void {
    if (!this.up) return;
    if (message.type === 'media') this.told = message.media;
    this.socket.send(message);
  }

  /** The network is back. */
  hurry(): void {
    this.socket.hurry();
  }

  /** Ends the stay by the person's own will. */
  leave(): void {
    this.send({ type: 'leave' });
    this.finish();
  }

  /** Ends the conversation but not the stay: the page goes away. */
  close(): void {
    this.over = true;
    this.up = false;
    this.socket.close();
  }

  private say(): void {
    const { room, page, media } = this.place;
    const { name, password, settings } = this.entry;
    const { pass, snapshot, epoch } = this.stay ?? { pass: '', snapshot: '', epoch: 0 };
    const hello: Hello = { version, room, name, page, media: media() };
    if (pass !== '') hello.pass = pass;
    else if (settings) hello.settings = settings;
    if (password) hello.password = password;
    if (snapshot !== '') hello.snapshot = snapshot;
    if (epoch > 0) hello.epoch = epoch;
    this.told = hello.media;
    this.socket.send({ type: 'hello', ...hello });
  }

  private receive(message: FromServer): void {
    if (this.over) return;
    touchStay(this.place.storage, this.place.room, Date.now());
    switch (message.type) {
      case 'fault':
        return this.fault(message);
      case 'describe':
      case 'candidate':
      case 'restart':
        if (message.page === this.place.page) this.port.far(message);
        return;
      case 'snapshot':
        return this.keep({ snapshot: message.snapshot });
      case 'welcome':
        return this.isIn(message);
      case 'planned':
        this.keep({ epoch: message.plan.epoch });
        return this.port.room(message);
      case 'joined':
      case 'changed':
      case 'left':
      case 'settled':
        return this.port.room(message);
    }
  }

  private isIn(message: Extract<FromServer, { type: 'welcome' }>): void {
    this.welcomed = true;
    this.up = true;
    this.socket.steady();
    const { settings: _made, ...entry } = this.entry; // the room is there now
    this.entry = entry;
    this.stay ??= { name: entry.name, pass: '', snapshot: '', epoch: 0 };
    this.keep({ pass: message.pass, snapshot: message.snapshot, epoch: message.plan.epoch });
    this.port.room(message);
    this.port.up(true);
  }

  private keep(news: Partial<Stay>): void {
    if (!this.stay) return;
    this.stay = { ...this.stay, ...news, epoch: Math.max(this.stay.epoch, news.epoch ?? 0) };
    touchStay(this.place.storage, this.place.room, Date.now());
    writeStay(this.place.storage, this.place.room, this.stay);
  }

  private fault({ code, fatal }: Fault): void {
    if (code === 'relay') return this.port.relayRefused();
    if (!fatal || passing.has(code)) return; // the line, if it closes, is dialled again
    if (code === 'bad-pass' && this.stay !== null) {
      this.forget();
    } else if (code === 'try-later' && this.welcomed) {
      this.socket.slow();
    } else {
      const told = this.welcomed || code === 'replaced' ? this.port.ended : this.port.refused;
      this.finish();
      told(code);
    }
  }

  private forget(): void {
    const epoch = this.stay?.epoch ?? 0;
    writeStay(this.place.storage, this.place.room, null);
    this.stay = { name: this.entry.name, pass: '', snapshot: '', epoch };
  }

  private finish(): void {
    this.close();
    writeStay(this.place.storage, this.place.room, null);
  }

  private down(): void {
    if (!this.up) return;
    this.up = false;
    this.port.up(false);
  }
}
