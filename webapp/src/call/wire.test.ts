import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lanes } from './lanes';
import { Wire, prefer } from './wire';

type Codecs = { mimeType: string }[];

const able = { takesModes: true, ordersCodecs: true, refuses: false };
let orders: { media: string; codecs: string[] }[] = [];

// A browser's connection, as far as codecs are concerned.
class CodingPeer {
  constructor() {
    if (able.refuses) throw new DOMException('Cannot create so many PeerConnections', 'UnknownError');
  }

  createDataChannel(): object {
    return {};
  }

  addTransceiver(media: string, { sendEncodings = [] }: { sendEncodings?: { scalabilityMode?: string }[] }): object {
    const encodings = sendEncodings.map(({ scalabilityMode }) => (able.takesModes ? { scalabilityMode } : {}));
    return {
      mid: null,
      sender: { getParameters: () => ({ encodings }), replaceTrack: async () => undefined },
      receiver: { track: {} },
      setCodecPreferences: (codecs: Codecs) => {
        if (!able.ordersCodecs) throw new DOMException('Invalid codec preferences', 'InvalidModificationError');
        orders.push({ media, codecs: codecs.map(({ mimeType }) => mimeType) });
      },
    };
  }

  close(): void {
    // nothing is open
  }
}

function offer(): typeof orders {
  orders = [];
  const wire = new Wire('link-0001', { describe: () => undefined, candidate: () => undefined, state: () => undefined, broken: () => undefined });
  new Lanes(wire, { microphone: null, camera: null, screen: null, screenSound: null }, { opened: () => undefined }).make();
  return orders;
}

describe('a mesh link offers', () => {
  beforeEach(() => {
    const capabilities = { getCapabilities: () => ({ codecs: [{ mimeType: 'video/VP8' }, { mimeType: 'video/rtx' }, { mimeType: 'video/VP9' }] }) };
    Object.assign(able, { takesModes: true, ordersCodecs: true, refuses: false });
    vi.stubGlobal('RTCPeerConnection', CodingPeer);
    vi.stubGlobal('MediaStream', EventTarget);
    vi.stubGlobal('RTCRtpSender', capabilities);
    vi.stubGlobal('RTCRtpReceiver', capabilities);
  });

  afterEach(() => {
    prefer();
    vi.unstubAllGlobals();
  });

  it('what the node prefers first, for camera and screen, and everything else behind it', () => {
    prefer('vp9');
    const codecs = ['video/VP9', 'video/VP8', 'video/rtx'];
    expect(offer()).toEqual([{ media: 'video', codecs }, { media: 'video', codecs }]);
  });

  it('as the browser does where the node says nothing, or wants VP8', () => {
    expect(offer()).toEqual([]);
    prefer('vp9');
    prefer('vp8');
    expect(offer()).toEqual([]);
    prefer('vp9');
    prefer(undefined);
    expect(offer()).toEqual([]);
  });

  it('as the browser does where it cannot send that with layers', () => {
    prefer('av1');
    expect(offer()).toEqual([]);
    able.takesModes = false;
    prefer('vp9');
    expect(offer()).toEqual([]);
    Object.assign(able, { takesModes: true, ordersCodecs: false });
    prefer('vp9');
    expect(offer()).toEqual([]);
    able.ordersCodecs = true;
    vi.stubGlobal('RTCRtpSender', {});
    prefer('vp9');
    expect(offer()).toEqual([]);
  });

  it('as the browser does where that cannot be found out', () => {
    able.refuses = true;
    prefer('vp9');
    able.refuses = false;
    expect(offer()).toEqual([]);
  });
});
