// What lies on the wire to another page: four lanes in fixed order, each both ways, and the data
// channels. Going live or dark never negotiates.

import { type Encoder, type Limit, type Tuning, limitOf } from './adapt';
import { type Kind, type Traffic, type Tracks, kinds } from './kinds';
import { type Stat, type Wire, encode, replace } from './wire';

/** What arrives on a lane. */
export interface Arrival {
  kind: Kind;
  stream: MediaStream;
}

/** What the statistics say. */
export interface Look {
  arrived: Set<Kind>; // frames decoded, or 100 ms of sound
  limit: Limit; // what holds the camera's encoder back
  traffic: Traffic;
}

/** What Lanes tell. */
export interface LanesOwner {
  /** Lanes are there: `arrivals` has what will come in on them. */
  opened(): void;
  /** Where an encoded transform is set on a lane, as soon as it exists. */
  lane?(kind: Kind, sender: RTCRtpSender, receiver: RTCRtpReceiver): void;
}

// 20 ms each: that much sound can be played without a gap.
const packetsOfSound = 5;
// Text needs every pixel, and few pictures.
const sharpness: Partial<RTCRtpEncodingParameters> = { maxBitrate: 1_500_000, maxFramerate: 8 };

/** The lanes of one wire. */
export class Lanes {
  /** What has come in, by lane; empty until there are lanes. */
  arrivals: Arrival[] = [];
  /** The data channels, for chat and files to come. */
  readonly channels: Readonly<Record<'control' | 'chat' | 'files', RTCDataChannel>>;
  private lanes: RTCRtpTransceiver[] = [];
  private tuning: Tuning | null = null;

  constructor(
    private readonly wire: Wire,
    private tracks: Tracks,
    private readonly owner: LanesOwner,
  ) {
    this.channels = { control: wire.channel('control', 0), chat: wire.channel('chat', 1), files: wire.channel('files', 2) };
  }

  /** Makes the lanes, for an offer. */
  make(): void {
    const [person, screen] = [new MediaStream(), new MediaStream()];
    const lane = (media: 'audio' | 'video', stream: MediaStream): RTCRtpTransceiver => {
      const one = this.wire.pc.addTransceiver(media, { direction: 'sendrecv', streams: [stream] });
      if (media === 'video') this.wire.order(one);
      return one;
    };
    this.use([lane('audio', person), lane('video', person), lane('video', screen), lane('audio', screen)]);
  }

  /** Takes the lanes that were offered. */
  take(): void {
    if (this.lanes.length > 0) return;
    // Sound and picture of one stream are kept in step by the far end, so each pair shares one.
    const [person, screen] = [new MediaStream(), new MediaStream()];
    const lanes = this.wire.pc.getTransceivers().slice(0, kinds.length);
    lanes.forEach((lane, n) => {
      lane.direction = 'sendrecv';
      lane.sender.setStreams(n < 2 ? person : screen);
    });
    this.use(lanes);
  }

  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.tracks = { ...this.tracks, [kind]: track };
    replace(this.sender(kind), track);
  }

  /** Bounds what the camera's lane sends. */
  tune(tuning: Tuning): void {
    this.tuning = tuning;
    this.apply();
  }

  /** Sets the parameters of the senders, which exist only once a description was applied. */
  apply(): void {
    this.wire.queue(async () => {
      await encode(this.sender('microphone'), [{ priority: 'high', networkPriority: 'high' }]);
      await encode(this.sender('screen'), [sharpness]);
      if (this.tuning) await encode(this.sender('camera'), [this.tuning]);
    });
  }

  /** Reads the statistics. */
  async look(): Promise<Look> {
    const look: Look = { arrived: new Set(), limit: 'none', traffic: { sent: 0, received: 0 } };
    const kindOf = new Map(this.lanes.map((lane, n) => [lane.mid, kinds[n]]));
    for (const entry of await this.wire.stats()) {
      if (entry.type === 'inbound-rtp') look.traffic.received += entry.bytesReceived ?? 0;
      if (entry.type === 'outbound-rtp') look.traffic.sent += entry.bytesSent ?? 0;
      const kind = kindOf.get(entry.mid ?? null);
      if (kind === undefined) continue;
      if (entry.type === 'inbound-rtp' && hasArrived(entry)) look.arrived.add(kind);
      if (entry.type === 'outbound-rtp' && kind === 'camera') look.limit = limitOf(entry as Encoder, this.tuning?.maxBitrate ?? 0);
    }
    return look;
  }

  private sender(kind: Kind): RTCRtpSender | undefined {
    return this.lanes[kinds.indexOf(kind)]?.sender;
  }

  private use(lanes: RTCRtpTransceiver[]): void {
    this.lanes = lanes;
    lanes.forEach(({ sender, receiver }, n) => {
      const kind = kinds[n];
      if (kind === undefined) return;
      this.owner.lane?.(kind, sender, receiver);
      this.arrivals.push({ kind, stream: new MediaStream([receiver.track]) });
      replace(sender, this.tracks[kind]);
    });
    this.owner.opened();
  }
}

function hasArrived(entry: Stat): boolean {
  return entry.kind === 'audio' ? (entry.packetsReceived ?? 0) >= packetsOfSound : (entry.framesDecoded ?? 0) > 0;
}
