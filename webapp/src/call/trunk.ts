// What lies on the wire to a relay (relay/PROTOCOL.md): four sending lanes, receiving slots that the
// relay fills with whom it likes, and a channel on which it says who that is. In: tracks, the view,
// the relay's words. Out: sources that belong to people, and what is to be sent.

import type { Size } from './adapt';
import { announced, announcedScreen, cameraEncodings, ramp, screenEncoding, unknownSize } from './encodings';
import { type Kind, type Tracks, kinds } from './kinds';
import type { LinkSource } from './link';
import { type LayerSize, type Told, type Viewed, ack, announce, decode, mesh, view } from './relaycontrol';
import { type Board, type Count, type Taken, emptyBoard, grown, heed, isShown, leaverOf, newest, numberOf, ownerOf } from './slots';
import { levelOfRelay } from './speaking';
import type { Shown } from './state';
import { type Stat, type Wire, encode, replace } from './wire';

/** What a Trunk tells. */
export interface TrunkOwner {
  /** Sources are others now, or the channel is open. */
  changed(): void;
  /** There are more slots than the relay has been offered. */
  grew(): void;
  /** The relay has ended the connection. */
  ended(): void;
}

interface Slot {
  lane: RTCRtpTransceiver;
  receiver: RTCRtpReceiver;
  stream: MediaStream;
}

const viewEvery = 100;
const soundMillis = 100; // of sound that can be played without a gap
// An estimate that has only begun holds pictures for a moment; what the line is too narrow for stays held.
const heldMillis = 1500; // until a person is told
const givenUpMillis = 6000; // until nothing is waited for
const packetsOfSound = 5; // of 20 ms each

/** One trunk, as old as its wire. */
export class Trunk {
  /** The data channels; chat is for chat to come. */
  readonly channels: Readonly<Record<'control' | 'chat', RTCDataChannel>>;
  /** How loud the relay finds people, 0 to 1. */
  loudness: ReadonlyMap<string, number> = new Map();
  private board: Board = emptyBoard;
  private readonly lanes: Readonly<Record<Kind, RTCRtpSender>>;
  private readonly slots: { audio: Slot[]; video: Slot[] } = { audio: [], video: [] };
  private readonly masks = { camera: 7, screen: 1 };
  private carrying = false;
  private liveAt = 0;
  private arrived = new Set<string>(); // ids of sources
  private heard = new Map<string, number>(); // when a source was heard first, by id
  private packets = new Map<string, number>(); // that had come when a source was looked at first, by id
  private heldAt = new Map<number, number>(); // since when, by video slot
  private shown: readonly Shown[] | null = null;
  private viewedAt = 0;
  private said = new Map<string, string>(); // what the relay was told last, by subject
  private timers: Partial<Record<'view' | 'ramp', ReturnType<typeof setTimeout>>> = {};

  constructor(
    private readonly wire: Wire,
    private tracks: Tracks,
    private readonly owner: TrunkOwner,
  ) {
    this.lanes = this.lay();
    this.channels = { control: wire.channel('control', 0), chat: wire.channel('chat', 1) };
    const { control } = this.channels;
    control.onopen = () => this.opened();
    control.onmessage = ({ data }) => this.hear(data as ArrayBuffer);
    control.onclose = () => owner.ended();
  }

  /** Sees to it that there are so many slots; true if there were fewer. */
  grow(wanted: Count): boolean {
    const { audio, video } = this.slots;
    const next = grown({ audio: audio.length, video: video.length }, wanted);
    if (next.audio === audio.length && next.video === video.length) return false;
    const slot = (media: 'audio' | 'video'): Slot => {
      const lane = this.wire.pc.addTransceiver(media, { direction: 'recvonly' });
      if (media === 'video') this.wire.describeLayers(lane);
      const { receiver } = lane;
      return { lane, receiver, stream: new MediaStream([receiver.track]) };
    };
    while (audio.length < next.audio) audio.push(slot('audio'));
    while (video.length < next.video) video.push(slot('video'));
    return true;
  }

  /** What has come and whose it is. A picture is there once it is theirs, a sound from the start. */
  sources(order: number): LinkSource[] {
    const of = (media: 'audio' | 'video'): LinkSource[] => this.board[media].flatMap((seat) => {
      const owner = ownerOf(this.board, seat);
      const stream = this.slots[media][seat.slot]?.stream;
      const id = this.idOf(media, seat);
      const decoded = this.arrived.has(id);
      if (owner === null || stream === undefined || (media === 'video' && !decoded)) return [];
      const held = media === 'video' && this.heldAt.has(seat.slot); // a picture that moves elsewhere is better
      return [{ ...owner, id, order, stream, decoded: decoded && !held, shared: true }];
    });
    const last = this.board.left.flatMap((seat): LinkSource[] => {
      const owner = leaverOf(this.board, seat);
      const stream = this.slots.video[seat.slot]?.stream;
      const id = this.idOf('video', seat);
      if (owner === null || stream === undefined || !this.arrived.has(id)) return [];
      return [{ ...owner, id, order, stream, decoded: true, shared: true, stale: true }];
    });
    return [...of('audio'), ...of('video'), ...last];
  }

  /** Looks what has come by now; for sound that nobody plays yet the statistics have to be asked. */
  async look(): Promise<void> {
    const silent = this.board.audio.filter((seat) => !this.heard.has(this.idOf('audio', seat)));
    if (silent.length > 0) this.count(silent, await this.wire.stats());
    this.check(Date.now());
  }

  /** Looks what browsers tell at once. */
  check(now: number): void {
    const { audio, video } = this.board;
    const arrived = new Set<string>();
    for (const seat of video) {
      const id = this.idOf('video', seat);
      // Browsers forget what they delivered 10 s ago, and a screen may stand still for longer.
      const latest = this.slots.video[seat.slot]?.receiver.getSynchronizationSources() ?? [];
      if (this.arrived.has(id) || isShown(seat, newest(latest))) arrived.add(id);
    }
    for (const seat of this.board.left) {
      const id = this.idOf('video', seat);
      if (this.arrived.has(id)) arrived.add(id);
    }
    const heard = new Map<string, number>();
    for (const seat of audio) {
      const id = this.idOf('audio', seat);
      const since = this.heard.get(id) ?? (this.isHeard(seat) ? now : undefined);
      if (since === undefined) continue;
      heard.set(id, since);
      if (now - since >= soundMillis) arrived.add(id);
    }
    const seated = new Set(audio.map((seat) => this.idOf('audio', seat)));
    this.packets = new Map([...this.packets].filter(([id]) => seated.has(id)));
    this.heard = heard;
    this.arrived = arrived;
  }

  /** Whether this is going to come, as far as is known here. */
  brings(peer: string, kind: Kind): boolean {
    const media = kind === 'camera' || kind === 'screen' ? 'video' : 'audio';
    const seats = this.board[media];
    const seat = seats.find((one) => {
      const owner = ownerOf(this.board, one);
      return owner?.peer === peer && owner.kind === kind;
    });
    if (seat === undefined && seats.length >= this.slots[media].length) return false; // others matter more
    if (media === 'audio') return true;
    if (seat && this.isHeld(seat, givenUpMillis)) return false;
    return this.shown?.some((tile) => tile.peer === peer && tile.kind === kind && tile.height > 0) ?? true;
  }

  /** Whether a person's camera does not fit the line. */
  holds(peer: string): boolean {
    return this.board.video.some((seat) => {
      const owner = ownerOf(this.board, seat);
      return owner?.peer === peer && owner.kind === 'camera' && this.isHeld(seat, heldMillis);
    });
  }

  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.tracks = { ...this.tracks, [kind]: track };
    this.send(kind);
  }

  /** Sends the tracks there are, or nothing at all. */
  carry(now: boolean): void {
    if (now === this.carrying) return;
    this.carrying = now;
    this.liveAt = Date.now();
    for (const kind of kinds) this.send(kind);
  }

  view(tiles: readonly Shown[]): void {
    this.shown = tiles;
    const wait = this.viewedAt + viewEvery - Date.now();
    if (wait <= 0) this.sayView();
    else this.timers.view ??= setTimeout(() => this.sayView(), wait);
  }

  /** Takes how much all links between pages carry, in kbit/s. False if the relay cannot hear it. */
  report(up: number, down: number): boolean {
    return this.say('report', mesh(up, down));
  }

  close(): void {
    clearTimeout(this.timers.view);
    clearTimeout(this.timers.ramp);
    const { control } = this.channels;
    control.onopen = control.onmessage = control.onclose = null;
  }

  private lay(): Record<Kind, RTCRtpSender> {
    const [person, screen] = [new MediaStream(), new MediaStream()];
    const lane = (media: 'audio' | 'video', stream: MediaStream, sendEncodings?: RTCRtpEncodingParameters[]): RTCRtpSender => {
      const one = this.wire.pc.addTransceiver(media, { direction: 'sendonly', streams: [stream], ...(sendEncodings && { sendEncodings }) });
      if (media === 'video') {
        this.wire.order(one);
        this.wire.describeLayers(one);
      }
      return one.sender;
    };
    const { codec } = this.wire;
    // All three are offered as active, because one that is not would be offered as paused.
    const layers = cameraEncodings(codec, this.sizeOf('camera'), 7, 3).map((encoding) => ({ ...encoding, active: true }));
    return {
      microphone: lane('audio', person, [{ priority: 'high', networkPriority: 'high' }]),
      camera: lane('video', person, layers),
      screen: lane('video', screen, [screenEncoding(codec)]),
      screenSound: lane('audio', screen),
    };
  }

  private opened(): void {
    for (const kind of kinds) this.sayKind(kind);
    this.sayView();
    this.owner.changed();
  }

  private hear(data: ArrayBuffer): void {
    const told = decode(data);
    if (told === null) return;
    const members = this.board.members;
    this.board = heed(this.board, told);
    this.act(told);
    if (this.board.members !== members) this.sayView(); // those who are seen may have got their numbers
  }

  private act(told: Told): void {
    switch (told.type) {
      case 'slots':
        if (this.grow(told)) this.owner.grew();
        return;
      case 'layers':
        return this.mask(told.kind, told.mask);
      case 'speakers':
        this.loudness = this.levels(told.levels);
        return;
      case 'held':
        this.heldAt = new Map(told.slots.map((slot) => [slot, this.heldAt.get(slot) ?? Date.now()]));
        return this.owner.changed();
      case 'table':
        this.check(Date.now());
        // Whoever is not in the table must be off their slot before the relay hears that it may fill it anew.
        this.owner.changed();
        this.say('ack', ack(this.board.revision));
        return;
      default:
        this.check(Date.now());
        this.owner.changed();
    }
  }

  private levels(levels: readonly { number: number; level: number }[]): Map<string, number> {
    return new Map(levels.flatMap(({ number, level }) => {
      const peer = this.board.members.get(number);
      return peer === undefined ? [] : [[peer, levelOfRelay(level)] as const];
    }));
  }

  private isHeld({ slot }: Taken, since: number): boolean {
    return Date.now() - (this.heldAt.get(slot) ?? Infinity) >= since;
  }

  private mask(kind: number, mask: number): void {
    if (kinds[kind] === 'camera') this.masks.camera = mask;
    else if (kinds[kind] === 'screen') this.masks.screen = mask;
    else return;
    this.tune();
    this.sayKind('camera'); // of layers within one stream those that remain
  }

  private idOf(media: 'audio' | 'video', { slot, member, kind, since }: Taken): string {
    return `${this.wire.id} ${media} ${slot} ${member} ${kind} ${since}`;
  }

  // The table says who is expected in a slot, the packets say who it is.
  private isHeard(seat: Taken): boolean {
    const receiver = this.slots.audio[seat.slot]?.receiver;
    if (receiver === undefined) return false;
    const speaker = newest(receiver.getContributingSources());
    return speaker === null ? receiver.getSynchronizationSources().length > 0 : speaker.source === seat.member;
  }

  private count(seats: readonly Taken[], stats: readonly Stat[]): void {
    for (const seat of seats) {
      const id = this.idOf('audio', seat);
      const mid = this.slots.audio[seat.slot]?.lane.mid;
      const count = stats.find((one) => one.type === 'inbound-rtp' && one.mid === mid)?.packetsReceived ?? 0;
      const first = this.packets.get(id) ?? count;
      this.packets.set(id, first);
      if (count - first >= packetsOfSound) this.heard.set(id, Date.now() - soundMillis);
    }
  }

  private send(kind: Kind): void {
    const track = this.carrying ? this.tracks[kind] : null;
    if (kind === 'camera' || kind === 'screen') this.tune();
    this.wire.queue(() => replace(this.lanes[kind], track));
    this.sayKind(kind);
  }

  private tune(): void {
    clearTimeout(this.timers.ramp);
    const { most, nextIn } = ramp(Date.now() - this.liveAt);
    const { codec } = this.wire;
    const camera = cameraEncodings(codec, this.sizeOf('camera'), this.masks.camera, most);
    const screen = screenEncoding(codec, this.masks.screen !== 0);
    this.wire.queue(async () => {
      await encode(this.lanes.camera, camera);
      await encode(this.lanes.screen, [screen]);
    });
    if (this.carrying && nextIn !== null) this.timers.ramp = setTimeout(() => this.tune(), nextIn);
  }

  private sizeOf(kind: 'camera' | 'screen'): Size {
    const { width = unknownSize.width, height = unknownSize.height } = this.tracks[kind]?.getSettings() ?? {};
    return { width, height };
  }

  private sayKind(kind: Kind): void {
    const layers: LayerSize[] = kind === 'camera' ? announced(this.wire.codec, this.sizeOf(kind), this.masks.camera)
      : kind === 'screen' ? announcedScreen(this.sizeOf(kind)) : [];
    this.say(kind, announce(kinds.indexOf(kind), this.carrying && this.tracks[kind] !== null, layers));
  }

  private sayView(): void {
    clearTimeout(this.timers.view);
    delete this.timers.view;
    if (this.shown === null) return;
    this.viewedAt = Date.now();
    const tiles = this.shown.flatMap(({ peer, kind, width, height, pinned = false }): Viewed[] => {
      const member = numberOf(this.board, peer);
      return member === undefined || height <= 0 ? [] : [{ member, kind: kinds.indexOf(kind), width, height, pinned }];
    });
    this.say('view', view(tiles));
  }

  // Says something, unless it was the last that was said of this.
  private say(subject: string, message: ArrayBuffer): boolean {
    const { control } = this.channels;
    if (control.readyState !== 'open') return false;
    const text = new Uint8Array(message).join();
    if (this.said.get(subject) === text) return true;
    this.said.set(subject, text);
    control.send(message);
    return true;
  }
}
