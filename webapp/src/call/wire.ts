// One RTCPeerConnection and the conversation that sets it up: descriptions, candidates that came too
// early, repeats. What lies on it is the business of lanes.ts (another page) and trunk.ts (a relay);
// when it negotiates, of the links. Every asynchronous step runs after the one before, none after close.

import { type Codec, type Extension, described, ordered, sendable } from './codecs';
import { largestMode } from './encodings';

// A page has one node, so all its wires prefer the same.
let preferred: Codec = 'vp8';

/** Takes what the node prefers, for wires that are made from now on. */
export function prefer(codec: Codec = 'vp8'): void {
  preferred = codec === 'vp8' ? codec : sendable(codec, {
    codecs: RTCRtpSender.getCapabilities?.('video')?.codecs ?? [],
    layers: takesLayers(codec),
  });
}

/** What a Wire tells its owner. */
export interface WireOwner {
  describe(kind: 'offer' | 'answer', sdp: string): void;
  candidate(candidate: string, mline: number): void;
  state(state: RTCPeerConnectionState): void;
  /** A description could not be made or applied. */
  broken(): void;
  /** What the far end is told in place of a description of this browser. */
  said?(sdp: string): string;
  /** What this browser is told in place of a description of the far end. */
  heard?(sdp: string): string;
}

const mostHeld = 64;

/** One connection. `id` is the link id of the protocol, chosen by the offerer. */
export class Wire {
  readonly pc: RTCPeerConnection;
  /** What pictures are sent in. */
  readonly codec = preferred;
  private steps: Promise<void> = Promise.resolve();
  private closed = false;
  private early: RTCIceCandidateInit[] = []; // theirs, before their description
  private said: { kind: 'offer' | 'answer'; sdp: string } | null = null; // null while ours is being made
  private candidates: { candidate: string; mline: number }[] = []; // ours, of the present description
  private heard = ''; // the offer that was answered last
  private accepted = ''; // the answer that was taken last

  constructor(
    readonly id: string,
    private readonly owner: WireOwner,
    servers: RTCIceServer[] = [],
  ) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: servers });
    this.pc.onicecandidate = ({ candidate }) => this.gathered(candidate);
    this.pc.onconnectionstatechange = () => {
      if (!this.closed) owner.state(this.pc.connectionState);
    };
  }

  /** Takes newer ICE servers: they count from the next ICE restart on. */
  help(servers: RTCIceServer[]): void {
    if (!this.closed) this.pc.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: servers });
  }

  /** A data channel that both ends know the number of. */
  channel(label: string, number: number): RTCDataChannel {
    const channel = this.pc.createDataChannel(label, { negotiated: true, id: number });
    channel.binaryType = 'arraybuffer';
    return channel;
  }

  /** Offers the wire's codec first on a lane for pictures. What the far end offers stays in its own order. */
  order(lane: RTCRtpTransceiver): void {
    if (this.codec !== 'vp8') putFirst(lane, this.codec);
  }

  /** Offers on a lane for pictures what tells the layers of AV1 apart, where the browser lets one choose. */
  describeLayers(lane: RTCRtpTransceiver & Partial<Extensible>): void {
    const offered = this.codec === 'av1' ? lane.getHeaderExtensionsToNegotiate?.() : undefined;
    if (offered) lane.setHeaderExtensionsToNegotiate?.(described(offered));
  }

  /** Makes an offer; with `restart` one that gathers new candidates. */
  offer(restart: boolean): void {
    this.queue(async () => {
      if (restart) this.pc.restartIce();
      await this.describe('offer');
    });
  }

  /**
   * Takes an offer of the far end and answers it; `prepare` sees what it offers first. An offer that
   * came before is only answered again.
   */
  answer(sdp: string, prepare: () => void): void {
    this.queue(async () => {
      if (sdp === this.heard) return this.repeat();
      await this.hear('offer', sdp);
      if (this.closed) return;
      prepare();
      await this.useEarly();
      await this.describe('answer');
      this.heard = sdp;
    });
  }

  /** Whether this answer came before: it is one to an offer of then, whatever is out now. */
  knows(sdp: string): boolean {
    return sdp === this.accepted;
  }

  /** Takes the far end's answer. */
  accept(sdp: string): void {
    if (this.knows(sdp)) return;
    this.accepted = sdp;
    this.queue(async () => {
      if (this.pc.signalingState !== 'have-local-offer') return; // nothing is out
      await this.hear('answer', sdp);
      await this.useEarly();
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

  /** Does something between two steps of the conversation. */
  queue(step: () => Promise<void> | void): void {
    this.steps = this.steps.then(async () => {
      if (this.closed) return;
      try {
        await step();
      } catch {
        if (!this.closed) this.owner.broken();
      }
    });
  }

  /** Whether the transport failed although ICE did not. */
  get beyondIce(): boolean {
    const ice = this.pc.iceConnectionState;
    return this.pc.connectionState === 'failed' && (ice === 'connected' || ice === 'completed');
  }

  /** The statistics; empty once it is closed. */
  async stats(): Promise<Stat[]> {
    const report = this.closed ? null : await this.pc.getStats().catch(() => null);
    const all: Stat[] = [];
    report?.forEach((entry: Stat) => all.push(entry));
    return all;
  }

  close(): void {
    this.closed = true;
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  private async hear(type: 'offer' | 'answer', sdp: string): Promise<void> {
    await this.pc.setRemoteDescription({ type, sdp: this.owner.heard?.(sdp) ?? sdp });
  }

  private async describe(kind: 'offer' | 'answer'): Promise<void> {
    this.said = null;
    this.candidates = [];
    await this.pc.setLocalDescription();
    const sdp = this.pc.localDescription?.sdp;
    if (this.closed || sdp === undefined) return;
    this.said = { kind, sdp: this.owner.said?.(sdp) ?? sdp };
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
}

// W3C webrtc-extensions; Chromium has it.
interface Extensible {
  getHeaderExtensionsToNegotiate(): Extension[];
  setHeaderExtensionsToNegotiate(extensions: Extension[]): void;
}

function putFirst(lane: RTCRtpTransceiver, codec: Codec): void {
  lane.setCodecPreferences(ordered(RTCRtpReceiver.getCapabilities('video')?.codecs ?? [], codec));
}

// Browsers that know nothing of modes pass over them. Tried before it counts: in a call no lane may be refused.
function takesLayers(codec: Codec): boolean {
  let pc: RTCPeerConnection | null = null;
  try {
    pc = new RTCPeerConnection();
    const wish: RTCRtpEncodingParameters & { scalabilityMode: string } = { scalabilityMode: largestMode };
    const lane = pc.addTransceiver('video', { direction: 'sendonly', sendEncodings: [wish] });
    putFirst(lane, codec);
    const [taken] = lane.sender.getParameters().encodings as Partial<typeof wish>[];
    return taken?.scalabilityMode === largestMode;
  } catch {
    return false;
  } finally {
    pc?.close();
  }
}

/** The fields of statistics that links read (W3C webrtc-stats). */
export interface Stat {
  type: string;
  mid?: string;
  kind?: 'audio' | 'video';
  framesDecoded?: number;
  packetsReceived?: number;
  bytesReceived?: number;
  bytesSent?: number;
  qualityLimitationReason?: 'none' | 'cpu' | 'bandwidth' | 'other';
  targetBitrate?: number; // bit/s
}

/** Changes a sender's encodings. Refused parameters leave it as it is: a picture too large beats none. */
export async function encode(
  sender: RTCRtpSender | undefined,
  changes: readonly Partial<RTCRtpEncodingParameters>[],
): Promise<void> {
  const parameters = sender?.getParameters();
  if (!sender || !parameters || parameters.encodings.length === 0) return;
  parameters.encodings.forEach((encoding, n) => Object.assign(encoding, changes[n]));
  await sender.setParameters(parameters).catch(ignore);
}

/** Sends another track, or none. Nothing is negotiated. */
export function replace(sender: RTCRtpSender | undefined, track: MediaStreamTrack | null): void {
  void sender?.replaceTrack(track).catch(ignore);
}

function ignore(): void {
  // the connection is closed or being replaced: nothing is lost
}
