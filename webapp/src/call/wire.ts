// One RTCPeerConnection to another page and what belongs to it: the four lanes in fixed order, the
// data channels, the candidates that came too early. It negotiates when it is told to; when that is,
// is link.ts's business. Every asynchronous step runs after the one before, and none after close.

import { type Encoder, type Limit, type Tuning, limitOf } from './adapt';

/** What flows on a lane, in the order of the m-lines: the position gives the kind. */
export const kinds = ['microphone', 'camera', 'screen', 'screenSound'] as const;
/** One of them. */
export type Kind = (typeof kinds)[number];
/** What this page sends of each kind. */
export type Tracks = Readonly<Record<Kind, MediaStreamTrack | null>>;

/** What arrives on a lane. */
export interface Arrival {
  kind: Kind;
  stream: MediaStream;
}

/** What the statistics say. */
export interface Look {
  arrived: Set<Kind>; // frames decoded, or 100 ms of sound
  limit: Limit; // what holds the camera's encoder back
}

/** What a Wire tells its owner. */
export interface WireOwner {
  describe(kind: 'offer' | 'answer', sdp: string): void;
  candidate(candidate: string, mline: number): void;
  state(state: RTCPeerConnectionState): void;
  /** Lanes are there: `arrivals` has what will come in on them. */
  opened(): void;
  /** A description could not be made or applied. */
  broken(): void;
  /** Where an encoded transform is set on a lane, as soon as it exists. */
  lane?(kind: Kind, sender: RTCRtpSender, receiver: RTCRtpReceiver): void;
}

// 20 ms each: that much sound can be played without a gap.
const packetsOfSound = 5;
const mostHeld = 64;

/** One connection. `id` is the link id of the protocol, chosen by the offerer. */
export class Wire {
  /** What has come in, by lane; empty until there are lanes. */
  arrivals: Arrival[] = [];
  /** The data channels, for chat and files to come. */
  readonly channels: Readonly<Record<'control' | 'chat' | 'files', RTCDataChannel>>;
  private readonly pc: RTCPeerConnection;
  private lanes: RTCRtpTransceiver[] = [];
  private steps: Promise<void> = Promise.resolve();
  private closed = false;
  private early: RTCIceCandidateInit[] = []; // theirs, before their description
  private said: { kind: 'offer' | 'answer'; sdp: string } | null = null; // null while ours is being made
  private candidates: { candidate: string; mline: number }[] = []; // ours, of the present description
  private heard = ''; // the offer that was answered last
  private tuning: Tuning | null = null;

  constructor(
    readonly id: string,
    offers: boolean,
    private tracks: Tracks,
    private readonly owner: WireOwner,
  ) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const channel = (label: string, number: number): RTCDataChannel =>
      this.pc.createDataChannel(label, { negotiated: true, id: number });
    this.channels = { control: channel('control', 0), chat: channel('chat', 1), files: channel('files', 2) };
    this.pc.onicecandidate = ({ candidate }) => this.gathered(candidate);
    this.pc.onconnectionstatechange = () => {
      if (!this.closed) owner.state(this.pc.connectionState);
    };
    if (offers) this.makeLanes();
  }

  /** Makes an offer; with `restart` one that gathers new candidates. */
  offer(restart: boolean): void {
    this.queue(async () => {
      if (restart) this.pc.restartIce();
      await this.describe('offer');
    });
  }

  /** Takes an offer of the far end and answers it. One that came before is only answered again. */
  answer(sdp: string): void {
    this.queue(async () => {
      if (sdp === this.heard) return this.repeat();
      await this.pc.setRemoteDescription({ type: 'offer', sdp });
      if (this.closed) return;
      if (this.lanes.length === 0) this.takeLanes();
      await this.useEarly();
      await this.describe('answer');
      this.heard = sdp;
      await this.applyTuning();
    });
  }

  /** Takes the far end's answer. */
  accept(sdp: string): void {
    this.queue(async () => {
      if (this.pc.signalingState !== 'have-local-offer') return; // a repeated one
      await this.pc.setRemoteDescription({ type: 'answer', sdp });
      await this.useEarly();
      await this.applyTuning();
    });
  }

  /** Takes a candidate of the far end. */
  candidate(candidate: string, mline: number): void {
    this.queue(async () => {
      const init: RTCIceCandidateInit = { candidate, sdpMLineIndex: mline };
      if (this.pc.remoteDescription) await this.add(init);
      else if (this.early.length < mostHeld) this.early.push(init);
    });
  }

  /** Says the present description and its candidates once more, for a far end that missed them. */
  repeat(): void {
    if (!this.said) return;
    this.owner.describe(this.said.kind, this.said.sdp);
    for (const { candidate, mline } of this.candidates) this.owner.candidate(candidate, mline);
  }

  /** Sends another track, or none, of a kind. Nothing is negotiated. */
  put(kind: Kind, track: MediaStreamTrack | null): void {
    this.tracks = { ...this.tracks, [kind]: track };
    void this.lanes[kinds.indexOf(kind)]?.sender.replaceTrack(track).catch(ignore);
  }

  /** Bounds what the camera's lane sends. */
  tune(tuning: Tuning): void {
    this.tuning = tuning;
    this.queue(() => this.applyTuning());
  }

  /** Reads the statistics. */
  async look(): Promise<Look> {
    const look: Look = { arrived: new Set(), limit: 'none' };
    if (this.closed) return look;
    const report = await this.pc.getStats().catch(() => null);
    const kindOf = new Map(this.lanes.map((lane, n) => [lane.mid, kinds[n]]));
    report?.forEach((entry: Stat) => {
      const kind = kindOf.get(entry.mid ?? null);
      if (kind === undefined) return;
      if (entry.type === 'inbound-rtp' && hasArrived(entry)) look.arrived.add(kind);
      if (entry.type === 'outbound-rtp' && kind === 'camera') look.limit = limitOf(entry, this.tuning?.maxBitrate ?? 0);
    });
    return look;
  }

  /** Whether the transport failed although ICE did not. */
  get beyondIce(): boolean {
    const ice = this.pc.iceConnectionState;
    return this.pc.connectionState === 'failed' && (ice === 'connected' || ice === 'completed');
  }

  close(): void {
    this.closed = true;
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  private queue(step: () => Promise<void> | void): void {
    this.steps = this.steps.then(async () => {
      if (this.closed) return;
      try {
        await step();
      } catch {
        if (!this.closed) this.owner.broken();
      }
    });
  }

  private async describe(kind: 'offer' | 'answer'): Promise<void> {
    this.said = null;
    this.candidates = [];
    await this.pc.setLocalDescription();
    const sdp = this.pc.localDescription?.sdp;
    if (this.closed || sdp === undefined) return;
    this.said = { kind, sdp };
    this.repeat();
  }

  private gathered(candidate: RTCIceCandidate | null): void {
    const found = { candidate: candidate?.candidate ?? '', mline: candidate?.sdpMLineIndex ?? 0 };
    if (this.closed || this.candidates.length >= mostHeld) return;
    this.candidates.push(found);
    if (this.said) this.owner.candidate(found.candidate, found.mline); // else it follows the description
  }

  private async useEarly(): Promise<void> {
    const early = this.early;
    this.early = [];
    for (const init of early) await this.add(init);
  }

  // A candidate that is of no use (an unknown address family, a generation that is over) hurts nobody.
  private async add(init: RTCIceCandidateInit): Promise<void> {
    if (!this.closed) await this.pc.addIceCandidate(init).catch(ignore);
  }

  private makeLanes(): void {
    const [person, screen] = [new MediaStream(), new MediaStream()];
    const lane = (media: 'audio' | 'video', stream: MediaStream): RTCRtpTransceiver =>
      this.pc.addTransceiver(media, { direction: 'sendrecv', streams: [stream] });
    this.lanes = [lane('audio', person), lane('video', person), lane('video', screen), lane('audio', screen)];
    this.useLanes();
  }

  private takeLanes(): void {
    // Sound and picture of one stream are kept in step by the far end, so each pair shares one.
    const [person, screen] = [new MediaStream(), new MediaStream()];
    this.lanes = this.pc.getTransceivers().slice(0, kinds.length);
    this.lanes.forEach((lane, n) => {
      lane.direction = 'sendrecv';
      lane.sender.setStreams(n < 2 ? person : screen);
    });
    this.useLanes();
  }

  private useLanes(): void {
    this.lanes.forEach(({ sender, receiver }, n) => {
      const kind = kinds[n];
      if (kind === undefined) return;
      this.owner.lane?.(kind, sender, receiver);
      this.arrivals.push({ kind, stream: new MediaStream([receiver.track]) });
      void sender.replaceTrack(this.tracks[kind]).catch(ignore);
    });
    this.owner.opened();
  }

  private async applyTuning(): Promise<void> {
    await setEncoding(this.lanes[kinds.indexOf('microphone')]?.sender, { priority: 'high', networkPriority: 'high' });
    if (this.tuning) await setEncoding(this.lanes[kinds.indexOf('camera')]?.sender, this.tuning);
  }
}

// The fields of statistics that are read here (W3C webrtc-stats).
interface Stat extends Encoder {
  type: string;
  mid?: string;
  kind?: 'audio' | 'video';
  framesDecoded?: number;
  packetsReceived?: number;
}

function hasArrived(entry: Stat): boolean {
  return entry.kind === 'audio' ? (entry.packetsReceived ?? 0) >= packetsOfSound : (entry.framesDecoded ?? 0) > 0;
}

// Refused parameters leave the sender as it is: a picture that is too large beats none.
async function setEncoding(sender: RTCRtpSender | undefined, change: Partial<RTCRtpEncodingParameters>): Promise<void> {
  const parameters = sender?.getParameters();
  const encoding = parameters?.encodings[0];
  if (!sender || !parameters || !encoding) return;
  Object.assign(encoding, change);
  await sender.setParameters(parameters).catch(ignore);
}

function ignore(): void {
  // the connection is closed or being replaced: nothing is lost
}
