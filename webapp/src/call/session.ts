// The conversation with the bridge: coming in, coming back, being refused. In: an Entry or a stay
// that was interrupted. Out: the room's messages, what far ends say, and how it ended.
//
//     entering --welcome--> in the room --cut--> (dialling) --hello with pass--> in the room
//         +--refused--> over                          +--pass refused--> entering as a new person

import type { Negotiation } from './link';
import { part } from './parting';
import type { RoomMessage } from './reduce';
import { type Code, type Fault, type FromClient, type FromServer, type Hello, type ICEServer, type Media, version } from './signal.gen';
import { Socket, passing } from './socket';
import { type Stay, touchStay, writeStay } from './stay';
import type { Entry } from './state';

/** What a Session tells. */
export interface SessionPort {
  room(message: RoomMessage): void;
  far(message: Negotiation): void;
  /** A relay did not take a description. */
  relayRefused(): void;
  /** The bridge brings ICE servers: with each welcome, and later before their credentials end. */
  ice(servers: readonly ICEServer[]): void;
  /** Signaling works, or does not. Not, too, when coming in takes its time. */
  up(now: boolean): void;
  /** Not let in. */
  refused(code: Code): void;
  /** Put out, after having been in. With a stay, the way back is open. */
  ended(code: Code, stay: Stay | null): void;
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

// A restarted bridge puts newcomers out by these, when it remembers what the room was: they may ask again.
const evicting: ReadonlySet<Code> = new Set(['locked', 'full']);

// Coming in takes less, unless something is wrong.
const enterMillis = 1000;

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
  private readonly entering: ReturnType<typeof setTimeout>;

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
    this.entering = setTimeout(() => port.up(false), enterMillis);
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
    const heard = this.socket.send({ type: 'leave' });
    this.finish();
    const hello = this.hello();
    if (!heard && hello.pass !== undefined) part(this.place.url, hello, this.place.dial);
  }

  /** Ends the conversation but not the stay: the page goes away. */
  close(): void {
    this.over = true;
    this.up = false;
    clearTimeout(this.entering);
    this.socket.close();
  }

  private say(): void {
    const hello = this.hello();
    this.told = hello.media;
    this.socket.send({ type: 'hello', ...hello });
  }

  // The pass stands for the password: it says which one was checked, even where the room has another by now.
  private hello(): Hello {
    const { room, page, media } = this.place;
    const { name, password, settings } = this.entry;
    const { pass, snapshot, epoch } = this.stay ?? { pass: '', snapshot: '', epoch: 0 };
    const hello: Hello = { version, room, name, page, media: media() };
    if (pass !== '') hello.pass = pass;
    else if (settings) hello.settings = settings;
    if (password && pass === '') hello.password = password;
    if (snapshot !== '') hello.snapshot = snapshot;
    if (epoch > 0) hello.epoch = epoch;
    return hello;
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
      case 'ice':
        return this.port.ice(message.servers);
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
    clearTimeout(this.entering);
    this.socket.steady();
    const { settings, ...entry } = this.entry; // the room is there now
    this.entry = entry;
    if (settings?.password) this.entry.password ??= settings.password; // should the pass ever be refused
    this.stay ??= { name: entry.name, pass: '', snapshot: '', epoch: 0 };
    this.keep({ pass: message.pass, snapshot: message.snapshot, epoch: message.plan.epoch });
    this.port.ice(message.ice ?? []);
    this.port.room(message);
    this.port.up(true);
  }

  private keep(news: Partial<Stay>): void {
    if (!this.stay) return;
    this.stay = { ...this.stay, ...news, epoch: Math.max(this.stay.epoch, news.epoch ?? 0) };
    touchStay(this.place.storage, this.place.room, Date.now());
    writeStay(this.place.storage, this.place.room, this.stay);
  }

  private fault({ code, of, fatal }: Fault): void {
    if (code === 'relay') return this.port.relayRefused();
    // The room does not know the plan that this page follows. It takes the epoch from a hello.
    if (code === 'order' && of === 'describe' && this.up) return this.socket.again();
    if (!fatal || passing.has(code)) return; // the line, if it closes, is dialled again
    if (code === 'bad-pass' && this.stay !== null) {
      this.forget();
    } else if (code === 'try-later' && this.stay !== null) {
      this.socket.slow();
    } else {
      this.putOut(code);
    }
  }

  private putOut(code: Code): void {
    const { up, welcomed, stay } = this;
    this.finish();
    if (code === 'replaced') this.port.ended(code, stay);
    else if (!welcomed || (up && evicting.has(code))) this.port.refused(code);
    else this.port.ended(code, null);
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
