// Stand-in for a browser's RTCPeerConnection, for tests alone: its descriptions are words that say who made
// them and which one it is, and the test says how the connection is.

import { vi } from 'vitest';
import type { Stat } from './wire';

type Lane = Pick<RTCRtpTransceiver, 'mid' | 'direction' | 'sender' | 'receiver'>;

/** One connection. `made` has all of a test, the newest last. */
export class TestPeer {
  static made: TestPeer[] = [];
  /** Whether the browser has no more of them to give. */
  static refuses = false;

  connectionState: RTCPeerConnectionState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  onicecandidate: unknown = null;
  onconnectionstatechange: (() => void) | null = null;
  restarts = 0;
  stats: Stat[] = [];
  private readonly number = TestPeer.made.length + 1;
  private readonly lanes: Lane[] = [];
  private descriptions = 0;

  constructor() {
    if (TestPeer.refuses) throw new DOMException('Cannot create so many PeerConnections', 'UnknownError');
    TestPeer.made.push(this);
  }

  /** Says how the connection is. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  setConfiguration(): void {
    // there is no network to be helped through
  }

  createDataChannel(): object {
    return {};
  }

  addTransceiver(): Lane {
    const sender = { replaceTrack: async () => undefined, setStreams: () => undefined, getParameters: () => ({ encodings: [] }) };
    const lane = { mid: String(this.lanes.length), direction: 'sendrecv', sender, receiver: { track: {} } } as unknown as Lane;
    this.lanes.push(lane);
    return lane;
  }

  getTransceivers(): Lane[] {
    return this.lanes;
  }

  restartIce(): void {
    this.restarts++;
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.localDescription = { type, sdp: `${type} ${++this.descriptions} of ${this.number}` };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    while (this.lanes.length < 4) this.addTransceiver();
  }

  async addIceCandidate(): Promise<void> {
    await Promise.resolve();
  }

  async getStats(): Promise<Map<string, Stat>> {
    return new Map(this.stats.map((stat, n) => [String(n), stat]));
  }

  close(): void {
    this.connectionState = 'closed';
  }
}

/** A stream of tracks. */
class TestStream {
  constructor(private readonly tracks: readonly MediaStreamTrack[] = []) {}

  getVideoTracks(): readonly MediaStreamTrack[] {
    return this.tracks.filter(({ kind }) => kind === 'video');
  }
}

/** Puts it where pages find a browser's own. */
export function useTestPeers(): void {
  TestPeer.made = [];
  TestPeer.refuses = false;
  vi.stubGlobal('RTCPeerConnection', TestPeer);
  vi.stubGlobal('MediaStream', TestStream);
}
