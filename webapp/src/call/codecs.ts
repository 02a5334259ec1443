// Which codec a page sends its pictures in, and how it offers that. Pure.
//
// A node prefers one, and says so in its welcome. VP8 is everybody's; VP9 and AV1 carry the layers that a
// relay needs within one stream, so a browser that cannot do that is better off with VP8 in three streams.

import type { Welcome } from './signal.gen';

/** A codec for pictures. */
export type Codec = NonNullable<Welcome['codec']>;

/** What a browser says of itself. */
export interface Able {
  codecs: readonly { mimeType: string }[]; // that it can send
  layers: boolean; // it can put layers within one stream
}

/** What a page sends where its node prefers `preferred`. */
export function sendable(preferred: Codec, { codecs, layers }: Able): Codec {
  return layers && codecs.some((one) => is(one, preferred)) ? preferred : 'vp8';
}

/** All of them with one in front. None is left out: descriptions with some of them removed are refused. */
export function ordered<One extends { mimeType: string }>(codecs: readonly One[], first: Codec): One[] {
  return [...codecs.filter((one) => is(one, first)), ...codecs.filter((one) => !is(one, first))];
}

function is({ mimeType }: { mimeType: string }, codec: Codec): boolean {
  return mimeType.toLowerCase() === `video/${codec}`;
}

/** A header extension as a lane may offer it (W3C webrtc-extensions). */
export interface Extension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

// Without it nobody can tell the layers of AV1 apart.
const descriptor = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

/** The extensions with the dependency descriptor among those that are offered. */
export function described(extensions: readonly Extension[]): Extension[] {
  return extensions.map((one) => (one.uri === descriptor ? { ...one, direction: 'sendrecv' } : one));
}
