// A call: the State of one room and the actions of the person in it. Everything meets here: an event
// makes the next State (reduce.ts), and `follow` does what the new State asks for.
//
// Reading order: state.ts, reduce.ts, people.ts; session.ts, socket.ts, stay.ts, parting.ts (the bridge);
// links.ts, linkset.ts, link.ts (connections); meshlink.ts, lanes.ts, relaylink.ts, trunk.ts (the two
// kinds of them); mender.ts, recovery.ts, wire.ts, ice.ts, encodings.ts, codecs.ts (what both do); tiles.ts, stage.ts, ready.ts, adapt.ts,
// sound.ts, floor.ts (what flows on them); media.ts, capture.ts, screen.ts, prefs.ts (one's own devices).

import { serversOf } from './ice';
import { randomId } from './ids';
import { LinkSet } from './linkset';
import { Devices } from './media';
import { mediaOf, sameMedia } from './people';
import { storageOf } from './prefs';
import { type Event, type RoomMessage, firstState, reduce } from './reduce';
import { Session, type SessionPlace, type SessionPort } from './session';
import type { Media } from './signal.gen';
import { Sound } from './sound';
import { type Stay, readStay, touchStay, writeStay } from './stay';
import type { Call, Entry, Input, Presented, Shown, State } from './state';
import { prefer } from './wire';

/** What a page may want otherwise. */
export interface Options {
  /** Address of the signaling; by default this page's own host. */
  url?: string;
}

// Signaling that is away for less than this is nobody's concern.
const noticeMillis = 2000;
// How long a page that comes back waits for its devices.
const devicesMillis = 600;

/**
 * Opens the lobby of a room and starts the devices that were on the last time. A tab that was in the
 * room a moment ago, and did not leave, goes straight back in.
 */
export function createCall(room: string, options: Options = {}): Call {
  return new OpenCall(room, options.url ?? signalingUrl());
}

class OpenCall implements Call {
  private state: State;
  private readonly subscribers = new Set<(state: State) => void>();
  private readonly devices: Devices;
  private readonly sound: Sound;
  private readonly links: LinkSet;
  private readonly place: Omit<SessionPlace, 'media'>;
  private session: Session | null = null;
  private preview: MediaStream | null = null;
  private returning: Stay | null = null; // waits for the devices
  private replaced: Stay | null = null; // went on elsewhere
  private waiting: Event[] = [];
  private busy = false;
  private closed = false;
  private notice: ReturnType<typeof setTimeout> | undefined;

  constructor(room: string, url: string) {
    this.place = { room, page: randomId(), url, storage: storageOf('sessionStorage') };
    this.state = firstState(room);
    this.sound = new Sound({ blocked: (blocked) => this.tell([{ type: 'sound', blocked }]) });
    this.devices = new Devices(storageOf('localStorage'), { changed: () => this.devicesChanged() }, Sound.selectable);
    this.links = new LinkSet({
      send: (message) => this.session?.send(message),
      up: () => this.session?.up ?? false,
      tell: (events) => this.tell(events),
      ears: this.sound,
      level: (peer) => this.level(peer),
    });
    addEventListener('online', this.online);
    addEventListener('pagehide', this.hidden);
    addEventListener('pageshow', this.shown);
    this.devicesChanged();
    this.useSpeaker();
    this.devices.begin();
    const stay = readStay(this.place.storage, room, Date.now());
    if (stay) this.comeBack(stay);
  }

  subscribe = (run: (state: State) => void): (() => void) => {
    this.subscribers.add(run);
    run(this.state);
    return () => this.subscribers.delete(run);
  };

  level = (peer?: string): number =>
    peer === undefined || peer === this.state.self
      ? this.sound.ownLevel(this.devices.microphone.track)
      : this.sound.level(peer);

  setCamera = (on: boolean): void => this.devices.set('camera', on);

  setMicrophone = (on: boolean): void => this.devices.set('microphone', on);

  setScreen = (on: boolean): void => {
    if (!on || this.state.phase === 'room') this.devices.screen.set(on);
  };

  view = (tiles: readonly Shown[]): void => this.links.view(tiles);

  presented = (frame: Presented): void => this.links.presented(frame);

  choose = (kind: 'camera' | 'microphone' | 'speaker', id: string): void => {
    this.devices.choose(kind, id);
    if (kind === 'speaker') this.useSpeaker();
  };

  join = (entry: Entry): void => {
    if (this.state.phase === 'lobby') this.enter(entry);
  };

  leave = (): void => {
    const { phase } = this.state;
    if (phase !== 'joining' && phase !== 'room') return;
    this.returning = null;
    this.session?.leave();
    writeStay(this.place.storage, this.place.room, null);
    this.tell([{ type: phase === 'room' ? 'ended' : 'again' }]);
  };

  again = (): void => {
    if (this.state.phase !== 'ended') return;
    const stay = this.replaced;
    this.replaced = null;
    this.tell([{ type: stay ? 'entering' : 'again' }]);
    this.devices.begin();
    if (stay) this.comeBack(stay);
  };

  turnSoundOn = (): void => this.sound.turnOn();

  close = (): void => {
    this.subscribers.clear();
    removeEventListener('online', this.online);
    removeEventListener('pagehide', this.hidden);
    removeEventListener('pageshow', this.shown);
    clearTimeout(this.notice);
    this.leave();
    this.links.close();
    this.sound.close();
    this.devices.close();
    this.closed = true;
  };

  private readonly online = (): void => {
    this.session?.hurry();
    this.links.hurry();
  };

  private readonly hidden = (): void => {
    if (this.state.phase === 'room') touchStay(this.place.storage, this.place.room, Date.now());
  };

  // A page that comes out of the back-forward cache has lost its connections: as good as a reload.
  private readonly shown = (event: PageTransitionEvent): void => {
    if (event.persisted) location.reload();
  };

  // After a reload the devices are back in a moment: the others need not see them off and on again.
  private comeBack(stay: Stay): void {
    this.returning = stay;
    this.tell([{ type: 'entering' }]);
    setTimeout(() => this.returned(), devicesMillis);
  }

  private returned(): void {
    const stay = this.returning;
    this.returning = null;
    if (stay && this.state.phase === 'joining' && !this.closed) this.enter(stay);
  }

  private enter(from: Entry | Stay): void {
    this.tell([{ type: 'entering' }]);
    const media = (): Media => mediaOf(this.state.microphone, this.state.camera, this.state.screen);
    this.session = new Session({ ...this.place, media }, this.sessionPort(), from);
  }

  private sessionPort(): SessionPort {
    return {
      room: (message) => this.inRoom(message),
      far: (message) => this.links.receive(message),
      relayRefused: () => this.links.refused(),
      ice: (servers) => this.links.help(serversOf(servers, new URL(this.place.url).hostname)),
      up: (now) => this.signalingIs(now),
      refused: (fault) => this.tell([{ type: 'refused', fault }]),
      ended: (fault, stay) => {
        this.replaced = stay;
        this.tell([{ type: 'ended', fault }]);
      },
    };
  }

  private inRoom(message: RoomMessage): void {
    if (message.type === 'welcome') prefer(message.codec);
    if (message.type === 'welcome' && !message.resumed) this.links.letGo();
    this.tell([{ type: 'room', message }]);
  }

  private signalingIs(up: boolean): void {
    clearTimeout(this.notice);
    if (!up) {
      this.notice = setTimeout(() => this.tell([{ type: 'signaling', up: false }]), noticeMillis);
      return;
    }
    this.links.sayAgain();
    this.links.hurry();
    this.follow();
  }

  private tell(events: Event[]): void {
    this.waiting.push(...events);
    if (this.busy || this.closed) return;
    this.busy = true;
    try {
      for (let event = this.waiting.shift(); event; event = this.waiting.shift()) {
        this.state = reduce(this.state, event);
        this.follow();
        for (const run of this.subscribers) run(this.state); // each event: news must not be passed over
      }
    } finally {
      this.busy = false;
    }
  }

  // Does what the State asks for. Called after every change, so each step does nothing if it is done.
  private follow(): void {
    const { state, session } = this;
    if (this.returning && state.camera.status !== 'starting' && state.microphone.status !== 'starting') this.returned();
    this.links.put('microphone', this.devices.microphone.track);
    this.links.put('camera', this.devices.camera.track);
    this.links.put('screen', this.devices.screen.picture);
    this.links.put('screenSound', this.devices.screen.sound);
    this.links.update(state);
    if (state.phase === 'ended' || state.phase === 'lobby') {
      clearTimeout(this.notice);
      session?.close();
      this.session = null;
    }
    if (state.phase === 'ended') this.devices.release();
    if (state.phase === 'lobby') this.devices.screen.release();
    const media = mediaOf(state.microphone, state.camera, state.screen);
    if (session?.up && !sameMedia(session.told, media)) session.send({ type: 'media', media });
  }

  private devicesChanged(): void {
    const { camera, microphone, speaker, screen } = this.devices;
    const events: Event[] = [];
    const { state } = this;
    if (camera.input !== state.camera) events.push(input('camera', camera.input));
    if (microphone.input !== state.microphone) events.push(input('microphone', microphone.input));
    if (screen.share !== state.screen) events.push({ type: 'share', share: screen.share });
    if (speaker !== state.speaker) events.push({ type: 'speaker', speaker });
    if (camera.track !== (this.preview?.getVideoTracks()[0] ?? null)) {
      this.preview = camera.track && new MediaStream([camera.track]);
      events.push({ type: 'preview', stream: this.preview });
    }
    if (events.length > 0) this.tell(events);
  }

  private useSpeaker(): void {
    const { chosen } = this.devices.speaker;
    if (chosen === undefined) return;
    void this.sound.choose(chosen).then((had) => {
      if (!had && !this.closed) this.devices.speakerFailed();
    });
  }
}

function input(kind: 'camera' | 'microphone', value: Input): Event {
  return { type: 'input', kind, input: value };
}

function signalingUrl(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/signal`;
}
